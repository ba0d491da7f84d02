/** The result of a check of the machine. A warning does not stop a build. */
export interface MachineCheck {
  readonly name: string;
  readonly status: "ok" | "missing" | "warning";
  readonly found: string;
  /** What is expected, and why. */
  readonly wanted: string;
  /** The command that fixes it; undefined when nothing is wrong. */
  readonly fix?: string;
  /** True for something that is installed but is the wrong one. */
  readonly wrong?: true;
  /** The Debian packages that fix it. */
  readonly packages?: readonly string[];
}
