import { distributionSuffix } from "../plan/suffix.ts";

/** A distribution that jobs can be built in, as it is known before anything of it is here. */
export interface KnownRoot {
  /** What `--root` takes, such as `debian:12`. */
  readonly name: string;
  /** As `os-release` names it, such as `debian 12`. */
  readonly distribution: string;
  /** What its archive calls the release, such as `bookworm`. */
  readonly codename: string;
  readonly archives: Readonly<Record<ArchiveName, Archive>>;
  readonly components: readonly string[];
  /** The archive's public keys, and the Debian package that has them. */
  readonly keyring: string;
  readonly keyringPackage: string;
}

/** The archive of a distribution's releases, and that of its security updates. */
export type ArchiveName = "main" | "security";

export interface Archive {
  readonly url: string;
  /** Where packages of other architectures than amd64 are, if not there too. */
  readonly ports?: string;
  readonly suites: readonly string[];
}

/** What `--root` calls the machine itself. */
export const hostRoot = "host";

function debian(release: string, codename: string): KnownRoot {
  return {
    name: `debian:${release}`,
    distribution: `debian ${release}`,
    codename,
    archives: {
      main: { url: "http://deb.debian.org/debian", suites: [codename, `${codename}-updates`] },
      security: { url: "http://deb.debian.org/debian-security", suites: [`${codename}-security`] },
    },
    components: ["main"],
    keyring: "/usr/share/keyrings/debian-archive-keyring.gpg",
    keyringPackage: "debian-archive-keyring",
  };
}

function ubuntu(release: string, codename: string): KnownRoot {
  const ports = "http://ports.ubuntu.com/ubuntu-ports";
  return {
    name: `ubuntu:${release}`,
    distribution: `ubuntu ${release}`,
    codename,
    archives: {
      main: { url: "http://archive.ubuntu.com/ubuntu", ports, suites: [codename, `${codename}-updates`] },
      security: { url: "http://security.ubuntu.com/ubuntu", ports, suites: [`${codename}-security`] },
    },
    components: ["main", "universe"],
    keyring: "/usr/share/keyrings/ubuntu-archive-keyring.gpg",
    keyringPackage: "ubuntu-keyring",
  };
}

/** The root that a version of a package is for, as its end says, such as `.deb12`. */
export function rootForVersion(version: string): KnownRoot | undefined {
  return knownRoots.find(({ distribution }) => version.endsWith(distributionSuffix(distribution)));
}

/** The roots that can be made, in the order in which they are listed. */
export const knownRoots: readonly KnownRoot[] = [
  debian("12", "bookworm"),
  debian("13", "trixie"),
  ubuntu("22.04", "jammy"),
  ubuntu("24.04", "noble"),
  ubuntu("26.04", "resolute"),
];

/** The codename of a distribution, such as `bookworm` for `debian 12`; undefined for an unknown one. */
export function codenameOf(distribution: string): string | undefined {
  return knownRoots.find((root) => root.distribution === distribution)?.codename;
}
