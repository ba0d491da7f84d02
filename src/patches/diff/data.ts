import type { LineDiff, SourceDiff } from "./compare-states.ts";
import type { LineState, SourceState, StatePatch } from "./state.ts";

/** The differences of a line as data, for `patches diff --json`. */
export function diffData({ line, before, after, sources, same }: LineDiff): Readonly<Record<string, unknown>> {
  return { line, before: stateData(before), after: stateData(after), sources: sources.map(sourceData), same };
}

function stateData({ name, commit }: LineState): Readonly<Record<string, unknown>> {
  return { name, ...(commit === undefined ? {} : { commit }) };
}

function sourceData(source: SourceDiff): Readonly<Record<string, unknown>> {
  const { name, before, after, commits, lost, picks, series, noTrees, alternates, merged, leftOut, needsRevision } = source;
  return {
    name,
    ...(before === undefined ? {} : { before: pinData(before) }),
    ...(after === undefined ? {} : { after: pinData(after) }),
    ...(commits === undefined ? {} : { commits }),
    ...(lost === undefined ? {} : { lost }),
    picks,
    patches: {
      added: series.added.map(patchData),
      dropped: series.dropped.map(patchData),
      renamed: series.renamed.map((one) => ({ from: one.before.name, to: one.patch.name })),
      moved: series.moved.map(({ patch, from, to }) => ({ name: patch.name, from, to })),
      changed: series.changed.map(({ patch, diff }) => ({ ...patchData(patch), ...(diff === undefined ? {} : { diff }) })),
      unchanged: series.unchanged,
    },
    ...(noTrees === undefined ? {} : { noTrees }),
    alternates,
    merged,
    leftOut,
    needsRevision,
  };
}

function pinData({ upstream, branch, commit, version, revision }: SourceState): Readonly<Record<string, unknown>> {
  return { upstream, ...(branch === undefined ? {} : { branch }), commit, version, revision };
}

function patchData({ name, subject, seed, origin, sha256 }: StatePatch): Readonly<Record<string, unknown>> {
  return { name, subject, seed, origin, sha256 };
}
