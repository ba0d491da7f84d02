import { BuildError } from "../../src/errors.ts";
import type { ReleaseSet } from "../../src/set/set.ts";
import { chanceOf } from "../fuzz/mutate.ts";
import { startGitHub, type Fault, type Seen } from "./github.ts";
import { expectPublished, publishHere } from "./github-publish.ts";

/** Each fault of the server, with the shortest waits possible: GitHub states them in seconds. */
export const faults: readonly Fault[] = [
  { fault: "reset", after: 0 },
  { fault: "reset", after: 1 },
  { fault: "reset", after: 600 },
  { fault: "lost" },
  { fault: "half" },
  { fault: "502", seconds: 0 },
  { fault: "502" },
  { fault: "exists" },
  { fault: "secondary", seconds: 1 },
  { fault: "429", seconds: 0 },
  { fault: "primary", seconds: 1 },
  { fault: "drip" },
  { fault: "forbidden" },
];

/** The kinds of requests. */
export const kinds: readonly Seen["kind"][] = ["releases", "tag", "create", "assets", "upload", "publish", "delete"];

/**
 * Checks one fault for the first request of a kind: the release is published all the same, in this
 * run or the next. Returns the error, if there was one.
 */
export async function runFault(kind: Seen["kind"], fault: Fault, set: ReleaseSet): Promise<string | undefined> {
  let left = 1;
  await using server = await startGitHub({ faultOf: (request) => (request.kind === kind && left-- > 0 ? fault : undefined) });
  const message = await publishHere(server, set).then(
    () => undefined,
    (error: unknown) => (error instanceof BuildError ? error.message : `a bug: ${String(error)}`),
  );
  if (message !== undefined) await publishHere(server, set);
  await expectPublished(server, set, `${kind}: ${JSON.stringify(fault)}`);
  return message;
}

/**
 * The result of one run with two random faults: published in this run, or refused with a clear
 * error and published by the next run.
 */
export async function runPair(seed: number, set: ReleaseSet): Promise<"published" | "refused"> {
  const chance = chanceOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(chance() * values.length)] as T;
  const plans = [1, 2].map(() => ({
    fault: pick(faults),
    kind: pick(kinds),
    skip: Math.floor(chance() * 3),
    // Most faults are temporary; some last longer than any time limit.
    times: chance() < 0.9 ? 1 + Math.floor(chance() * 3) : 1000,
  }));
  // Only faults that state their seconds last: no test should wait a minute.
  for (const plan of plans) if (plan.times === 1000) plan.fault = { fault: "502", seconds: 0 };
  const note = `seed ${seed}: ${JSON.stringify(plans)}`;
  await using server = await startGitHub({
    faultOf: (request) => {
      const hit = plans.find((plan) => plan.kind === request.kind && plan.times > 0 && plan.skip-- <= 0);
      if (hit !== undefined) hit.times--;
      return hit?.fault;
    },
  });
  // Sometimes, leftovers of an earlier run.
  if (chance() < 0.3) await publishHere(server, set).catch(() => undefined);
  const outcome = await publishHere(server, set).then(
    () => "published" as const,
    (error: unknown) => {
      if (!(error instanceof BuildError)) throw new Error(note, { cause: error });
      return "refused" as const;
    },
  );
  if (outcome === "refused") {
    server.state.options = {};
    await publishHere(server, set);
  }
  await expectPublished(server, set, note);
  return outcome;
}
