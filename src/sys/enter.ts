/** A program with its arguments, and what it is started with. */
export interface Program {
  readonly command: readonly string[];
  readonly cwd: string;
  /** The whole environment that it sees. */
  readonly env: Readonly<Record<string, string>>;
  /** True for one that a person at the terminal types to. */
  readonly isOnTerminal?: boolean;
}

/** The program to start instead. */
export interface Entered {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** As `ExecOptions` has it. */
  readonly holdsStdin?: boolean;
}

/** Makes the program that runs another one elsewhere, such as in a root. */
export type Enter = (program: Program) => Entered;
