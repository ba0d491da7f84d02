import { expect } from "vitest";
import { faults, runFault, runPair } from "../../helpers/github-faults.ts";
import { makeSmallSet } from "../../helpers/github-publish.ts";
import { test } from "../../helpers/folder.ts";

/** Milliseconds: many small runs at once, on a busy machine. */
const timeout = 120_000;

test(
  "a fault in a request that changes something ends in the same release, or in a clear error that the next run fixes",
  { timeout },
  async ({ folder }) => {
    const set = await makeSmallSet(folder);
    const tries = (["create", "upload", "publish"] as const).flatMap((kind) => faults.map((fault) => runFault(kind, fault, set)));
    const refused = (await Promise.all(tries)).filter((message) => message !== undefined);
    const forbidden = "The token in GITHUB_TOKEN lacks the permission `contents: write`";
    expect(refused.map((message) => message.replace(/ \(.*/, ""))).toEqual([forbidden, forbidden, forbidden]);
  },
);

test("random pairs of faults end the same way", { timeout }, async ({ folder }) => {
  const set = await makeSmallSet(folder);
  const outcomes = await Promise.all(Array.from({ length: 12 }, (_, seed) => runPair(seed, set)));
  expect(new Set(outcomes)).toEqual(new Set(["published", "refused"]));
});
