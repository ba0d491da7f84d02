import type { Source } from "../../config/source.ts";
import { findPatch } from "../find-patch.ts";
import { listsOf, mapLists } from "../lists.ts";
import type { Change } from "./change.ts";

/** Leaves patches out of every series that lists them. Throws "usage" for a patch that the source lacks. */
export function dropPatches(asked: readonly string[], source: Source): Change {
  const gone = [...new Set(asked.map((one) => findPatch(one, source)))];
  const names = gone.map(({ name }) => name);
  const shown = names.map((name) => `\`${name}\``).join(", ");
  return {
    lists: mapLists(listsOf(source), (of) => of.filter((name) => !names.includes(name))),
    gone,
    rows: names.map((name) => ({ name, change: "dropped" })),
    refusal: {
      message: `Without ${shown}, the series of \`${source.name}\` does not apply, so nothing is written.`,
      hint: `name it too, to drop it as well; or change it first: kovn-build patches edit ${source.name} PATCH --line ${source.line}`,
    },
  };
}
