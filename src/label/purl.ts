import type { BuiltJob, Manifest } from "../dist/manifest.ts";

/** Identifies the source before the patches. */
export function upstream({ source, version, base }: Pick<BuiltJob, "source" | "version" | "base">): {
  readonly name: string;
  readonly version: string;
  readonly purl: string;
} {
  if (base.kind === "apt")
    return { name: base.package, version: base.version, purl: debianPurl("debian", base.package, base.version, "all") };
  const place = encode(`git+${base.url}@${base.commit}`);
  return { name: source, version, purl: `pkg:generic/${source}@${encode(version)}?vcs_url=${place}` };
}

/**
 * The package URL of a Debian package (https://github.com/package-url/purl-spec). Not made by the
 * npm package `packageurl-js`, which keeps the `+` of a version: the specification says `%2B`, and
 * some readers take `+` for a space. A name such as `libssl-dev:arm64` has its own architecture.
 */
export function debianPurl(namespace: string, name: string, version: string, arch: string): string {
  const [own = name, of = arch] = name.split(":");
  return `pkg:deb/${namespace}/${encode(own)}@${encode(version)}?arch=${of}`;
}

/** The architecture of the programs that built something. */
export function toolArch({ arch, buildArch = arch }: Pick<Manifest, "arch" | "buildArch">): string {
  return buildArch;
}

/**
 * Encodes a part of a package URL: all but letters, digits, `.-_~` and the colon ("Character
 * encoding" of the specification).
 */
function encode(text: string): string {
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(text)
    .replaceAll("%3A", ":")
    .replaceAll(/[!'()*]/g, hex);
}
