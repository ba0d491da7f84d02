import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { faults, kinds, runFault, runPair } from "../helpers/github-faults.ts";
import { killAndGoOn, listKillPoints, startPublish } from "../helpers/github-kill.ts";
import { addLargeFiles, peakMemory } from "../helpers/github-large.ts";
import { expectPublished, makeSmallSet, makeTagged, readSet } from "../helpers/github-publish.ts";
import { startGitHub } from "../helpers/github.ts";
import { isNightly } from "../helpers/nightly.ts";
import { makeKey } from "./repository.ts";

test("a publish to GitHub that is killed at any request is completed by the next run, with the same release", async ({
  folder,
}) => {
  const { project, dist, commit } = await makeTagged(folder);
  const set = await readSet(dist);
  const all = await listKillPoints(project, set, commit);
  // Each moment of each kind of request once; the nightly run takes all, such as those of each upload.
  const first = ({ kind, moment }: (typeof all)[number]) => all.findIndex((one) => one.kind === kind && one.moment === moment);
  const points = all.filter((point, index) => isNightly || first(point) === index);
  const left = { nothing: 0, draft: 0, public: 0 };
  const queue = points.values();
  const work = async () => {
    for (const point of queue) left[await killAndGoOn(project, set, commit, point)]++;
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  console.log(`killed at ${points.length} points; left behind: ${JSON.stringify(left)}`);
  expect(Math.min(...Object.values(left))).toBeGreaterThan(0);
});

// The nightly run has more. One of the smaller files in memory is more than the test allows, too.
const pairCount = isNightly ? 200 : 60;
const largeBytes = isNightly ? 200e6 : 60e6;

test(`every fault of GitHub, alone and in ${pairCount} random pairs, ends in the same release, at once or with the next run`, async ({
  folder,
}) => {
  const set = await makeSmallSet(folder);
  const alone = kinds.flatMap((kind) => faults.map((fault) => () => runFault(kind, fault, set)));
  const pairs = Array.from({ length: pairCount }, (_, seed) => () => runPair(seed, set));
  const outcomes = new Map<string, number>();
  const queue = [...alone, ...pairs].values();
  // They wait most of the time.
  const work = async () => {
    for (const run of queue) {
      const outcome = (await run()) ?? "published";
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 20 }, work));
  console.log(`${alone.length} faults alone, ${pairs.length} pairs: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  expect([...outcomes.keys()].filter((outcome) => outcome.startsWith("a bug"))).toEqual([]);
});

test("a signature is made once: a good one stays, in a draft and in a published release", async ({ folder }) => {
  const { project, commit } = await makeTagged(folder);
  await using key = await makeKey();
  let left = 1;
  await using server = await startGitHub({
    tags: { "v1.0.0": commit },
    // All is uploaded, but the first run ends before publishing.
    faultOf: ({ kind }) => (kind === "publish" && left-- > 0 ? { fault: "forbidden" } : undefined),
  });
  const env = { ...server.env, ...key.env };
  const publish = (...args: readonly string[]) => kovnBuild(project, ["publish", "--to", "github", ...args], env);
  const signatures = () => server.state.releases.flatMap(({ assets }) => assets.filter(({ name }) => name.endsWith(".asc")));
  expect(await publish("--sign", key.id)).toMatchObject({ exitCode: 1 });
  const [first] = signatures();
  expect(first?.content).toContain("-----BEGIN PGP SIGNATURE-----");
  expect(await publish("--sign", key.id)).toMatchObject({ exitCode: 0 });
  expect(signatures()).toEqual([first]);
  for (const args of [["--sign", key.id], []])
    expect(await publish(...args)).toMatchObject({ exitCode: 0, stdout: expect.stringContaining("nothing to do") as string });
  expect(server.state.problems).toEqual([]);

  await using other = await makeKey();
  const refused = await kovnBuild(project, ["publish", "--to", "github", "--sign", other.id], { ...server.env, ...other.env });
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("SHA256SUMS.asc is sha256:");
  expect(signatures()).toEqual([first]);
});

// Node alone takes more than 100 MB here, and not the same everywhere: so the measure is a publish of small files.
test(`20 assets of ${largeBytes / 1e6} MB are uploaded with no more memory than 20 small ones`, async ({ folder }) => {
  const small = await publishPeak(join(folder, "small"), 1000);
  const large = await publishPeak(join(folder, "large"), largeBytes);
  console.log(`at most ${(small / 1e6).toFixed(0)} MB of memory for small files, ${(large / 1e6).toFixed(0)} MB for large ones`);
  expect(small).toBeGreaterThan(10e6);
  expect(large - small).toBeLessThan(40e6);
});

/** The peak memory of a publish of 20 files of that size, in bytes. */
async function publishPeak(folder: string, bytes: number): Promise<number> {
  const { project, dist, commit } = await makeTagged(folder);
  await addLargeFiles(dist, 20, bytes);
  let peak = 0;
  await using server = await startGitHub({
    tags: { "v1.0.0": commit },
    before: ({ kind }) => {
      if (kind === "publish") peak = peakMemory(child.pid ?? 0);
    },
  });
  const child = startPublish(project, server.env);
  expect(await child).toMatchObject({ exitCode: 0 });
  await expectPublished(server, await readSet(dist));
  return peak;
}

test("500 assets are uploaded in one run within the server's limits", async ({ folder }) => {
  const { project, dist, commit } = await makeTagged(folder);
  await addLargeFiles(dist, 500, 1000);
  await using server = await startGitHub({ tags: { "v1.0.0": commit }, limit: { count: 80, seconds: 1 }, pageSize: 100 });
  expect(await startPublish(project, server.env)).toMatchObject({ exitCode: 0 });
  console.log(`${server.state.limited} of ${server.state.seen.length} requests had to wait`);
  expect(server.state.limited).toBeGreaterThan(5);
  expect(server.state.limited).toBeLessThan(60);
  await expectPublished(server, await readSet(dist));
});
