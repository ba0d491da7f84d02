import { sortKeys } from "../order.ts";
import { makeRecord } from "../record.ts";
import { queryPackages, type DpkgQuery } from "./dpkg-query.ts";

interface Installed {
  readonly version: string;
  readonly essential: boolean;
  /** Fields with what it needs: most packages are never asked. */
  readonly needs: readonly string[];
}

const fields = ["Package", "Version", "Essential", "db:Status-Status", "Pre-Depends", "Depends", "Provides"];

/** The installed Debian packages, and which of them provide a virtual one. */
export interface DebianPackages {
  readonly packages: ReadonlyMap<string, Installed>;
  readonly providers: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads which Debian packages are installed, on this machine or in the root in `tree`: none where dpkg
 * is not the package manager. Throws as `queryPackages` does.
 */
export async function readDebianPackages(options: Omit<DpkgQuery, "names">): Promise<DebianPackages> {
  return parsePackages(await queryPackages(fields, options));
}

/**
 * Versions of the installed packages that can change what a build makes: the named ones, Debian's
 * essential ones, and all their dependencies (the rule of dpkg-genbuildinfo(1)). The package `gcc`,
 * for example, only depends on `gcc-12`, whose version is the compiler's. `libssl-dev:arm64` names the
 * package of that architecture; both have the same version.
 */
export function debianDependencies(
  { packages, providers }: DebianPackages,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const found = makeRecord<string>();
  const wanted = [
    ...names.map((name) => name.replace(/:.*/, "")),
    ...[...packages].flatMap(([name, { essential }]) => (essential ? [name] : [])),
  ];
  for (let name = wanted.pop(); name !== undefined; name = wanted.pop()) {
    if (Object.hasOwn(found, name)) continue;
    const installed = packages.get(name);
    if (installed !== undefined) {
      found[name] = installed.version;
      wanted.push(...installed.needs.flatMap(namesOf));
    }
    // A virtual package, such as `c-compiler`: all that stand for it.
    wanted.push(...(providers.get(name) ?? []).filter((provider) => !Object.hasOwn(found, provider)));
  }
  return sortKeys(found);
}

/** While another package is installed, its triggers configure this one (dpkg(1)); the files are there. */
const usable: ReadonlySet<string> = new Set(["installed", "half-configured", "triggers-pending", "triggers-awaited"]);

function parsePackages(rows: readonly (readonly string[])[]): DebianPackages {
  const packages = new Map<string, Installed>();
  const providers = new Map<string, string[]>();
  for (const [name = "", version = "", essential = "", status = "", early = "", needs = "", provides = ""] of rows) {
    if (!usable.has(status)) continue;
    // The same package of two architectures has two rows, of the same version where both can be installed.
    const other = packages.get(name);
    packages.set(name, {
      version: other === undefined || other.version === version ? version : `${other.version} ${version}`,
      essential: essential === "yes",
      needs: [...(other?.needs ?? []), early, needs],
    });
    for (const virtual of namesOf(provides)) providers.set(virtual, [...(providers.get(virtual) ?? []), name]);
  }
  return { packages, providers };
}

/**
 * Names of packages in a field such as `gcc-12 (>= 12.2), libc6-dev | libc-dev, python3:any`,
 * alternatives included; some may be virtual.
 */
function namesOf(field: string): readonly string[] {
  if (field === "") return [];
  return field.split(/[,|]/).flatMap((part) => /^\s*([a-z0-9][a-z0-9.+-]*)/.exec(part)?.[1] ?? []);
}
