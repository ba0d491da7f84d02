import { BuildError } from "../../errors.ts";
import { movePatch, type Place } from "../../patches/change/move.ts";
import { examples, positive } from "../../program/values.ts";
import type { Define } from "../../program/verb.ts";
import { changeOptions, runChange, type ChangeFlags } from "./run-change.ts";

interface MoveFlags extends ChangeFlags {
  readonly before?: string;
  readonly after?: string;
  readonly to?: number;
}

/** `kovn-build patches move`: moves a patch within its series. */
export const patchesMove: Define = (command, context) => {
  changeOptions(command.argument("<source>", "such as ovs").argument("<patch>", "name of the patch"))
    .option("--before <patch>", "move it directly before this patch")
    .option("--after <patch>", "move it directly after this patch")
    .option("--to <n>", "move it to this place in its series, from 1", positive)
    .addHelpText(
      "after",
      examples(
        [
          "kovn-build patches move ovs qos-noop-free --before mac-learning-fallback",
          "move a patch up, if the series still applies",
        ],
        ["kovn-build patches move ovs qos-noop-free --to 1", "make it the first of the series"],
      ),
    )
    .action(async (source: string, patch: string, { before, after, to, ...options }: MoveFlags) => {
      const place = placeOf(source, patch, { before, after, to });
      await runChange(source, (read) => movePatch(patch, place, read), options, context);
    });
};

function placeOf(
  source: string,
  patch: string,
  { before, after, to }: { readonly [K in "before" | "after" | "to"]: MoveFlags[K] | undefined },
): Place {
  const places: readonly Place[] = [
    ...(before === undefined ? [] : [{ kind: "before" as const, patch: before }]),
    ...(after === undefined ? [] : [{ kind: "after" as const, patch: after }]),
    ...(to === undefined ? [] : [{ kind: "to" as const, number: to }]),
  ];
  const [place] = places;
  if (place !== undefined && places.length === 1) return place;
  throw new BuildError("usage", "Expected one of `--before`, `--after` and `--to`.", {
    hint: `kovn-build patches move ${source} ${patch} --before OTHER`,
  });
}
