import { expect, test } from "vitest";
import { plainReporter, type PlainOptions } from "../../../src/report/plain.ts";
import { makeStyle } from "../../../src/report/style.ts";
import type { Progress } from "../../../src/run/events.ts";
import { withProgress } from "../../../src/run/progress.ts";
import { runTask } from "../../../src/sys/run-task.ts";
import { host } from "../../helpers/host.ts";
import { until } from "../../helpers/processes.ts";

/**
 * Runs work and returns the lines that were printed, without times. The work can wait until there
 * are that many lines.
 */
async function printed(
  work: (progress: Progress, lines: (count: number) => Promise<void>) => Promise<void>,
  options: Partial<PlainOptions>,
): Promise<readonly string[]> {
  let text = "";
  const print = (more: string) => void (text += more);
  const style = makeStyle({ color: false, links: false });
  const lines = () =>
    text
      .replaceAll(/\d+\.\d s/g, "N s")
      .split("\n")
      .slice(0, -1);
  const wait = async (count: number) => until(`${count} lines`, () => lines().length >= count);
  const reporter = plainReporter({ print, result: print, verbose: false, style, ...options });
  await withProgress(host, reporter, async (progress) => work(progress, wait));
  return lines();
}

test("plain progress says at intervals what runs: the time, the expected time, and warnings", async () => {
  const lines = await printed(
    async ({ host: top, emit }, wait) =>
      runTask(
        top,
        "ovs",
        async (below) => {
          emit({ event: "job-start", job: "ovs", log: "/log", expected: 200_000, changes: [] });
          for (const warning of [true, true, false]) emit({ event: "output", job: "ovs", line: "x", warning });
          emit({ event: "step-start", job: "ovs", step: "deb", position: 1, count: 2 });
          await runTask(below, "step 1 of 2: deb", async () => wait(4), "ovs");
        },
        "ovs",
      ),
    { heartbeat: 50 },
  );
  const beat = "ovs: step 1 of 2: deb, N s of about 3 min 20 s, 2 warnings";
  expect(lines.slice(0, 4)).toEqual([
    "ovs: started (took 3 min 20 s last time), log in /log",
    "ovs: step 1 of 2: deb",
    beat,
    beat,
  ]);
});

test("plain progress says at intervals what a task says that is not of a job", async () => {
  const lines = await printed(
    async ({ host: top }, wait) =>
      runTask(top, "upload", async ({ task }) => {
        task.say("3 of 12 files");
        await wait(1);
      }),
    { heartbeat: 50 },
  );
  expect(lines[0]).toBe("upload: 3 of 12 files, N s");
});

test("plain progress names a task only when it takes longer", async () => {
  const lines = await printed(
    async ({ host: top }, wait) => {
      await runTask(top, "short", async () => undefined);
      await runTask(top, "long", async () => wait(1));
    },
    { delay: 40 },
  );
  expect(lines).toEqual(["long"]);
});
