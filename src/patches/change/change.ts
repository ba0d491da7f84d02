import type { Patch } from "../../config/patch.ts";
import type { Lists } from "../lists.ts";

/** What becomes of a patch. Places in its series are from 1. */
export type ChangeRow =
  | { readonly name: string; readonly change: "dropped" | "added" | "changed" }
  | { readonly name: string; readonly change: "renamed"; readonly to: string }
  | { readonly name: string; readonly change: "moved"; readonly series: string; readonly from: number; readonly to: number };

/** A change of a source. */
export interface Change {
  readonly lists: Lists;
  /** The patches that are left out. */
  readonly gone: readonly Patch[];
  /** The old names of patches that are renamed, by their new ones. Then nothing else changes. */
  readonly renamed?: ReadonlyMap<string, string>;
  /** The bytes of files that change. */
  readonly mails?: ReadonlyMap<string, Buffer>;
  readonly rows: readonly ChangeRow[];
  /** What to say when the series does not apply any more. */
  readonly refusal: { readonly message: string; readonly hint: string };
}
