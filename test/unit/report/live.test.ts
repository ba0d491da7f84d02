import { expect, test } from "vitest";
import { liveReporter } from "../../../src/report/live.ts";
import { openScreen } from "../../../src/report/screen.ts";
import { makeStyle } from "../../../src/report/style.ts";
import { withProgress } from "../../../src/run/progress.ts";
import { runTask } from "../../../src/sys/run-task.ts";
import { openEmulator } from "../../helpers/emulator.ts";
import { host } from "../../helpers/host.ts";

/** Runs work with a live view, on a terminal that the work can look at. */
function watch(columns: number, rows: number) {
  const terminal = openEmulator(columns, rows);
  const screen = openScreen(terminal, () => true);
  const print = (text: string) => screen.print(() => terminal.write(text));
  const reporter = liveReporter({ screen, style: makeStyle({ color: false, links: false }), print, result: print });
  const shown = async () => {
    screen.resume();
    return (await terminal.all()).map((line) => line.replaceAll(/\d+\.\d s/g, "N s"));
  };
  return { reporter, shown };
}

const end = { outcome: "built", duration: 1000, warnings: 0, log: "/log", errors: [], tail: [] } as const;

test("the live view shows a job until it ends, and then what follows its end", async () => {
  const { reporter, shown } = watch(80, 24);
  await withProgress(host, reporter, async ({ host: top, emit }) => {
    emit({ event: "jobs", jobs: [{ id: "ovs", needs: [], expected: 60_000 }], parallel: 1, keepGoing: false });
    const job = async () =>
      runTask(
        top,
        "ovs",
        async (below) => {
          emit({ event: "job-start", job: "ovs", log: "/log", expected: 60_000, changes: [] });
          await runTask(
            below,
            "step 1 of 2: deb",
            async () => {
              emit({ event: "output", job: "ovs", line: "gcc -c x.c", warning: true });
              expect(await shown()).toEqual([
                "ovs  step 1 of 2: deb, N s of about 1 min 00 s, 1 warning",
                "     gcc -c x.c",
                "0 of 1 job built, less than a minute left, 1 running, 0 waiting, N s",
              ]);
            },
            "ovs",
          );
          emit({ event: "job-end", job: "ovs", ...end });
          expect(await shown()).toEqual(["ovs: built after N s"]);
          await runTask(
            below,
            "cache the result",
            async () => {
              expect(await shown()).toEqual([
                "ovs: built after N s",
                "ovs  cache the result, N s",
                "1 of 1 job built, done any moment now, 0 running, 0 waiting, N s",
              ]);
            },
            "ovs",
          );
        },
        "ovs",
      );
    await job();
  });
  expect(await shown()).toEqual(["ovs: built after N s"]);
});

test("the live view shows what a task says that is not of a job, and only the innermost tasks", async () => {
  const { reporter, shown } = watch(80, 24);
  await withProgress(host, reporter, async ({ host: top }) =>
    runTask(top, "lock", async (lock) =>
      runTask(lock, "openvswitch", async ({ task }) => {
        task.say("patch 3 of 18");
        expect(await shown()).toEqual(["openvswitch  patch 3 of 18, N s"]);
        task.say("patch 4 of 18");
        expect(await shown()).toEqual(["openvswitch  patch 4 of 18, N s"]);
        task.notice("slow");
        expect(await shown()).toEqual(["notice: slow", "openvswitch  patch 4 of 18, N s"]);
      }),
    ),
  );
});

for (const [columns, rows] of [
  [80, 24],
  [20, 24],
  [20, 3],
  [2, 2],
] as const)
  test(`the live view shows 40 jobs on ${columns}x${rows} without remains`, async () => {
    const { reporter, shown } = watch(columns, rows);
    const ids = Array.from({ length: 40 }, (_, index) => `job-${index + 1}`);
    await withProgress(host, reporter, async ({ host: top, emit }) => {
      emit({ event: "jobs", jobs: ids.map((id) => ({ id, needs: [] })), parallel: 40, keepGoing: false });
      let checked: () => void = () => undefined;
      const check = new Promise<void>((resolve) => (checked = resolve));
      const run = async (id: string) => {
        emit({ event: "job-start", job: id, log: "/log", changes: [] });
        if (id === "job-40") {
          const lines = await shown();
          expect(lines.length).toBe(Math.min(rows - 1, 42));
          for (const line of lines) expect(line.length).toBeLessThan(columns);
          checked();
        }
        await check;
        emit({ event: "job-end", job: id, ...end });
      };
      await Promise.all(ids.map(async (id) => runTask(top, id, async () => run(id), id)));
    });
    // A long line takes several rows.
    expect((await shown()).join("").replaceAll(/\d+\.\d s/g, "N s")).toBe(ids.map((id) => `${id}: built after N s`).join(""));
  });
