import { BuildError } from "../errors.ts";
import { makeRecord } from "../record.ts";
import type { ArchiveName, KnownRoot } from "./known.ts";

/** Addresses to use instead of a distribution's own. */
export type Mirrors = Readonly<Partial<Record<ArchiveName, string>>>;

/**
 * Reads the values of `--mirror`: `URL` for the archive of the releases, `security=URL` for that of
 * the security updates, each alone or several with spaces between them (as `KOVN_MIRROR` has them).
 * The last one of each counts. Throws "usage".
 */
export function parseMirrors(values: readonly string[]): Mirrors {
  const mirrors = makeRecord<string>();
  for (const value of values.flatMap((words) => words.split(/\s+/).filter((word) => word !== ""))) {
    const [, name = "main", address = ""] = /^(?:(main|security)=)?(.+)$/.exec(value) ?? [];
    if (!/^https?:\/\/[\w.:[\]-]+(?:\/[\w.~%+/-]*)?$/.test(address) || !URL.canParse(address))
      throw new BuildError("usage", `\`${value}\` is not an address of a mirror.`, {
        hint: "--mirror http://HOST/debian, or --mirror security=http://HOST/debian-security",
      });
    mirrors[name] = address.replace(/\/+$/, "");
  }
  return mirrors;
}

/** The lines of a `sources.list` for a root (sources.list(5)), each with the key that must have signed it. */
export function sourcesOf(known: KnownRoot, architectures: readonly string[], mirrors: Mirrors): readonly string[] {
  const { components, keyring } = known;
  return suitesOf(known, architectures, mirrors).map(
    ({ url, suite, has }) => `deb [arch=${has.join(",")} signed-by=${keyring}] ${url} ${suite} ${components.join(" ")}`,
  );
}

/** The suites of each archive, and which of the architectures it has. */
function suitesOf({ archives }: KnownRoot, architectures: readonly string[], mirrors: Mirrors) {
  return (["main", "security"] as const).flatMap((name) => {
    const { url, ports = url, suites } = archives[name];
    const urlOf = (arch: string) => mirrors[name] ?? (arch === "amd64" ? url : ports);
    return [...new Set(architectures.map(urlOf))].flatMap((one) => {
      const has = architectures.filter((arch) => urlOf(arch) === one);
      return suites.map((suite) => ({ url: one, suite, has }));
    });
  });
}
