import { describe, expect, test } from "vitest";
import { schedule } from "../../../src/run/schedule.ts";

type Job = { readonly id: string; readonly needs: readonly string[] };
const jobs: readonly Job[] = [
  { id: "one", needs: [] },
  { id: "two", needs: ["one"] },
  { id: "three", needs: ["two"] },
  { id: "other", needs: [] },
];

/** Runs the jobs and answers with what happened, in order. */
async function running(
  work: (job: Job, ready: () => void) => Promise<void>,
  {
    limit = 4,
    keepGoing = false,
    begin,
  }: { readonly limit?: number; readonly keepGoing?: boolean; readonly begin?: (job: Job) => Promise<void> } = {},
) {
  const happened: string[] = [];
  const onSkip = ({ id }: Job, lost: readonly string[]) => happened.push(`${id} skipped for ${lost.join(" ")}`);
  const beginOne = async (job: Job) => {
    await begin?.(job);
    if (begin !== undefined) happened.push(`${job.id} begun`);
  };
  const failures = await schedule(jobs, { limit, keepGoing, onSkip, begin: beginOne }, async (job, ready) => {
    happened.push(`${job.id} starts`);
    await work(job, ready);
    happened.push(`${job.id} ends`);
  });
  return { happened, failures: failures.map(String) };
}

/** Lets everything else that can go on do so. */
const pause = () => new Promise<void>((resolve) => void setTimeout(resolve, 20));

describe("a schedule", () => {
  test("starts each job when the jobs that it needs are done", async () => {
    const { happened, failures } = await running(pause);
    expect(happened.slice(0, 2)).toEqual(["one starts", "other starts"]);
    expect(happened.filter((line) => !line.startsWith("other"))).toEqual(
      ["one", "two", "three"].flatMap((id) => [`${id} starts`, `${id} ends`]),
    );
    expect(failures).toEqual([]);
  });

  test("starts a job early when the jobs that it needs are ready", async () => {
    const { happened } = await running(async (job, ready) => {
      ready();
      await pause();
      if (job.id === "one") await pause();
    });
    expect(happened.indexOf("two starts")).toBeLessThan(happened.indexOf("one ends"));
    expect(happened.at(-1)).toMatch(/ends$/);
  });

  test("gives no slot to a job that waits", async () => {
    const { happened } = await running(pause, { limit: 2 });
    expect(happened.slice(0, 2)).toEqual(["one starts", "other starts"]);
  });

  test("never exceeds the limit of jobs at once, ready or not", async () => {
    const { happened } = await running(
      async (_job, ready) => {
        ready();
        await pause();
      },
      { limit: 1 },
    );
    expect(happened).toEqual(["one", "other", "two", "three"].flatMap((id) => [`${id} starts`, `${id} ends`]));
  });

  test("begins what waits while needed jobs run, where there is room", async () => {
    const { happened, failures } = await running(pause, { limit: 3, begin: async () => undefined });
    expect(happened.slice(0, 3)).toEqual(["one starts", "other starts", "two begun"]);
    expect(happened.filter((line) => line.startsWith("three"))).toEqual(["three begun", "three starts", "three ends"]);
    expect(failures).toEqual([]);
  });

  test("starts a job that has begun only when that has ended", async () => {
    const { happened } = await running(pause, {
      begin: async ({ id }) => (id === "two" ? pause().then(pause).then(pause) : undefined),
    });
    expect(happened.filter((line) => /^(one|two)/.test(line))).toEqual([
      "one starts",
      "one ends",
      "two begun",
      "two starts",
      "two ends",
    ]);
  });

  test("begins no job after a failure", async () => {
    const work = async ({ id }: Job) => {
      if (id === "other") throw new Error("no");
      await pause();
    };
    const { happened } = await running(work, { limit: 2, begin: async () => undefined });
    expect(happened).toEqual(["one starts", "other starts", "one ends"]);
  });

  const failing = async ({ id }: Job) => {
    if (id === "one") throw new Error("no");
    await pause();
  };

  test("starts nothing after a failure, and returns it", async () => {
    const { happened, failures } = await running(failing, { limit: 1 });
    expect(happened).toEqual(["one starts"]);
    expect(failures).toEqual(["Error: no"]);
  });

  test("with keepGoing skips a waiting job when the ready job that it needs fails", async () => {
    const { happened } = await running(
      async ({ id }, ready) => {
        ready();
        await pause();
        if (id === "one") throw new Error("no");
      },
      { limit: 1, keepGoing: true },
    );
    expect(happened).toEqual(["one starts", "other starts", "other ends", "two skipped for one", "three skipped for two"]);
  });

  test("with keepGoing skips the jobs that need a failed one, and says why", async () => {
    const { happened } = await running(failing, { keepGoing: true });
    expect(happened.toSorted()).toEqual(
      ["one starts", "other starts", "two skipped for one", "three skipped for two", "other ends"].toSorted(),
    );
  });
});
