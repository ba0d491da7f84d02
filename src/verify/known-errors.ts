/** An error of lintian that does not fail `verify`. */
export interface KnownError {
  readonly tag: string;
  readonly package: RegExp;
  /** Why the packages have it. */
  readonly why: string;
}

/** Errors of lintian in packages of every line; each is listed as a warning. */
export const knownErrors: readonly KnownError[] = [
  {
    tag: "init.d-script-not-included-in-package",
    package: /^openvswitch-switch$/,
    why: "upstream's scripts for removal name init.d scripts of its systemd units",
  },
];
