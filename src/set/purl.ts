import type { BuiltJob } from "../dist/manifest.ts";

/** Where the source before the patches is found. */
export function upstream({ source, version, base }: BuiltJob): {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
} {
  if (base.kind === "apt")
    return { name: base.package, version: base.version, purl: debianPurl("debian", base.package, base.version, "all") };
  const place = encodeURIComponent(`git+${base.url}@${base.commit}`);
  return { name: source, version, purl: `pkg:generic/${source}@${encodeURIComponent(version)}?vcs_url=${place}` };
}

/** The address of a Debian package (https://github.com/package-url/purl-spec). */
export function debianPurl(namespace: string, name: string, version: string, arch: string): string {
  return `pkg:deb/${namespace}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`;
}
