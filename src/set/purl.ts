import type { BuiltJob } from "../dist/manifest.ts";

/** Identifies the source before the patches. */
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

/**
 * The package URL of a Debian package (https://github.com/package-url/purl-spec). Not made by the
 * npm package `packageurl-js`, which keeps the `+` of a version: the specification says `%2B`, and
 * some readers take `+` for a space.
 */
export function debianPurl(namespace: string, name: string, version: string, arch: string): string {
  return `pkg:deb/${namespace}/${encodeURIComponent(name)}@${encodeURIComponent(version)}?arch=${arch}`;
}
