/** A finding of lintian that is expected: an error that does not fail `verify`, or a warning. */
export interface KnownFinding {
  readonly tag: string;
  /** The packages that may have it; absent for all. */
  readonly package?: RegExp;
  /** What lintian says of it; absent for anything. */
  readonly context?: RegExp;
  /** Why the packages have it. */
  readonly why: string;
}

/** Findings of lintian in packages of every line; each is listed once, as a warning, with the packages that have it. */
export const knownFindings: readonly KnownFinding[] = [
  {
    tag: "debian-revision-not-well-formed",
    context: /\+kovn\d+\.[0-9a-f]{8}[\w.]*$/,
    why: "the revision says which series, variant and distribution a package is of, so that no two builds have the same",
  },
  { tag: "unknown-field", context: /^Kovn-\w+$/, why: "dpkg keeps these fields, which say how the package was built" },
  {
    tag: "init.d-script-not-included-in-package",
    package: /^openvswitch-switch$/,
    why: "upstream's scripts for removal name init.d scripts of its systemd units",
  },
];
