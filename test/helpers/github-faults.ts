import { BuildError } from "../../src/errors.ts";
import type { ReleaseSet } from "../../src/set/set.ts";
import { chanceOf } from "../fuzz/mutate.ts";
import { startGitHub, type Fault, type Seen } from "./github.ts";
import { expectPublished, publishHere } from "./github-publish.ts";

/** Each fault of the server, with waits that are as short as GitHub's seconds allow. */
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

/** What requests are for. */
export const kinds: readonly Seen["kind"][] = ["releases", "tag", "create", "assets", "upload", "publish", "delete"];

/** One fault for the first request of a kind: the release comes to be all the same, at once or with the next run. Answers with the error, if there was one. */
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

/** What becomes of one run with two faults of chance: published at once, or refused with a clear error and then published by the next run. */
export async function runPair(seed: number, set: ReleaseSet): Promise<"published" | "refused"> {
  const chance = chanceOf(seed);
  const pick = <T>(values: readonly T[]): T => values[Math.floor(chance() * values.length)] as T;
  const plans = [1, 2].map(() => ({
    fault: pick(faults),
    kind: pick(kinds),
    skip: Math.floor(chance() * 3),
    // Mostly the fault passes; some last longer than any timeoutMs.
    times: chance() < 0.9 ? 1 + Math.floor(chance() * 3) : 1000,
  }));
  // What lasts is only what tells its seconds: nobody waits a minute for a test.
  for (const plan of plans) if (plan.times === 1000) plan.fault = { fault: "502", seconds: 0 };
  const note = `seed ${seed}: ${JSON.stringify(plans)}`;
  await using server = await startGitHub({
    faultOf: (request) => {
      const hit = plans.find((plan) => plan.kind === request.kind && plan.times > 0 && plan.skip-- <= 0);
      if (hit !== undefined) hit.times--;
      return hit?.fault;
    },
  });
  // What a run before left, now and then.
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
