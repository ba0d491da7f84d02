import type { Project } from "../../config/project.ts";
import type { From } from "../../plan/base.ts";
import type { Host } from "../../sys/exec.ts";

/** What an import works with. */
export interface ImportContext {
  readonly project: Project;
  /** The line and the name of the source; neither has to exist. */
  readonly line: string;
  readonly name: string;
  readonly from: From;
  readonly host: Host;
}

/** What a person asks of an import. */
export interface ImportRequest {
  /** Where patches are: files, folders, commits, addresses; and a file that has their order. */
  readonly patches: readonly string[];
  readonly order?: string | undefined;
  /**
   * Branch, tag or commit of upstream that they are for, and upstream's address, for a source that
   * does not exist.
   */
  readonly pin?: string | undefined;
  readonly upstream?: string | undefined;
  /** True to write nothing but mirrors. */
  readonly dryRun: boolean;
}

/** What became of a patch that was found. */
export interface ImportedPatch {
  readonly at: string;
  /**
   * `added` has the diff that was found, `rewritten` one that git wrote of the same tree, `there`
   * is in the series already, `empty` changes nothing. Only the first two are written.
   */
  readonly change: "added" | "rewritten" | "there" | "empty";
  /** The name of its file in the series; absent if it has none. */
  readonly name?: string;
  readonly subject: string;
  readonly origin?: string;
  readonly seed?: string;
  /** What a person should know about it, in sentences. */
  readonly notes: readonly string[];
}

/** What an import made. */
export interface Imported {
  readonly line: string;
  readonly source: string;
  /** True if the source did not exist before. */
  readonly isNew: boolean;
  readonly upstream: string;
  readonly branch: string;
  readonly commit: string;
  readonly version: string;
  readonly revision: number;
  readonly patches: readonly ImportedPatch[];
  /** The commit and tree that the whole series makes of the pin. */
  readonly patched: { readonly commit: string; readonly tree: string };
  readonly written: boolean;
  readonly locked: boolean;
  readonly notes: readonly string[];
}
