/** One thing that a machine has or lacks. A warning stops nothing. */
export interface MachineCheck {
  readonly name: string;
  readonly status: "ok" | "missing" | "warning";
  readonly found: string;
  /** What is wanted, and why. */
  readonly wanted: string;
  /** The command that mends it; undefined when all is well. */
  readonly fix?: string;
  /** True for what is there and is the wrong one. */
  readonly wrong?: true;
  /** The Debian packages that mend it. */
  readonly packages?: readonly string[];
}
