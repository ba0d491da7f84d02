import { readFileSync } from "node:fs";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { changeJobs, makeJobs } from "../helpers/jobs.ts";

type Event = Readonly<Record<string, unknown>>;

/**
 * The fields of each event in the table of docs/events.md: names in backquotes outside parentheses.
 */
const documented = new Map(
  readFileSync("docs/events.md", "utf8")
    .split("\n")
    .filter((row) => row.startsWith("| `") && !row.startsWith("| `event`"))
    .map((row) => {
      const [, event = "", fields = ""] = row.split("|");
      const outside = fields.replaceAll(/\([^)]*\)/g, "").replace("`plan --json`", "");
      return [event.trim().replaceAll("`", ""), [...outside.matchAll(/`([a-zA-Z]+)`/g)].map((match) => match[1] ?? "")] as const;
    }),
);

const json = ["--target", "linux", "--json", "--verbose"];
const withoutTasks = (events: readonly Event[]) => events.filter(({ event }) => !String(event).startsWith("task-"));
const parse = (text: string) => text.split("\n").map((line) => JSON.parse(line) as Event);

function expectDocumented(events: readonly Event[]): void {
  for (const { event, time, ...fields } of events) {
    expect(Date.now() - Number(time)).toBeLessThan(60_000);
    const wanted = documented.get(String(event)) ?? [];
    const optional = new Set(["expected", "compilerCache", "parent", "job", "hint"].filter((name) => fields[name] === undefined));
    expect(new Set(Object.keys(fields)), String(event)).toEqual(new Set(wanted.filter((name) => !optional.has(name))));
  }
}

describe("build --json", () => {
  test("prints no secret, whatever JSON escapes in it, and only JSON", async ({ folder }) => {
    const secret = String.raw`pass\"word`;
    const project = await makeJobs(folder, { demo: { script: `printf '%s\\n' 'x ${secret} y'; exit 1` } });
    const { stdout } = await kovnBuild(project, json, { DB_PASS: secret });
    expect(stdout).not.toContain("word y");
    expect(parse(stdout).findLast(({ event }) => event === "output")).toMatchObject({ line: "x *** y" });
    const end = parse(stdout).find(({ event }) => event === "job-end");
    expect(end).toMatchObject({ tail: expect.arrayContaining(["x *** y"]) });
  });

  test("prints exactly the documented fields of every event, one event a line, and nothing else on stdout", async ({
    folder,
  }) => {
    const project = await makeJobs(folder, { demo: { script: "echo 'x.c:1: warning: w'" } });
    const first = parse((await kovnBuild(project, json)).stdout);
    const again = parse((await kovnBuild(project, [...json, "--no-cache"])).stdout);
    const cached = parse((await kovnBuild(project, [...json, "--unlocked"])).stdout);
    await changeJobs(project, { demo: { script: "echo oops; exit 1" }, after: { needs: ["demo"] } });
    const failed = await kovnBuild(project, [...json, "--keep-going"]);
    const events = [...first, ...again, ...cached, ...parse(failed.stdout)];
    expectDocumented(events);
    // A build emits a `notice` only when something unusual happens, and no task of this one takes long.
    expect(new Set(["notice", "task-progress", ...events.map((event) => event["event"])])).toEqual(new Set(documented.keys()));
    expect(first.at(0)).toMatchObject({ event: "run", schema: 1 });
    expect(withoutTasks(first).at(1)).toMatchObject({ event: "plan" });
    expect(first.find((event) => event["event"] === "job-start")).not.toHaveProperty("expected");
    expect(again.find((event) => event["event"] === "job-start")).toHaveProperty("expected");
    expect(again.find((event) => event["event"] === "job-end")).toMatchObject({ outcome: "built", warnings: 1, tail: [] });
    expect(again.at(-1)).toMatchObject({ event: "done" });
    expect(withoutTasks(cached).map(({ event }) => event)).toEqual(["run", "plan", "job-cached", "done"]);
    const [end, skipped, last] = withoutTasks(parse(failed.stdout)).slice(-3);
    expect(last).toMatchObject({ event: "failed", code: "build", message: expect.stringContaining("Job `demo`") });
    expect(skipped).toMatchObject({ event: "job-skipped", job: "after", needs: ["demo"] });
    expect(end).toMatchObject({
      event: "job-end",
      outcome: "failed",
      tail: expect.arrayContaining(["oops"]),
    });
    expect(failed.exitCode).toBe(1);
  });

  test("never shows the output of a job as the progress of a task", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "printf 'spe%s\\n' cial" } });
    const { stdout } = await kovnBuild(project, json);
    const holding = parse(stdout).filter((event) => JSON.stringify(event).includes("special"));
    expect(holding.map(({ event }) => event).filter((event) => event !== "plan")).toEqual(["output"]);
  });

  test("has an end for each task, inside of the task that it is part of", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "exit 1" }, other: {} });
    const events = parse((await kovnBuild(project, ["--target", "linux", "--json"])).stdout);
    const open = new Map<unknown, Event>();
    for (const event of events) {
      if (event["event"] === "task-start") {
        if (event["parent"] !== undefined) expect(open.has(event["parent"]), String(event["title"])).toBe(true);
        open.set(event["task"], event);
      } else if (event["event"] === "task-end") {
        expect([...open.values()].some((child) => child["parent"] === event["task"])).toBe(false);
        const { title, job } = open.get(event["task"]) ?? {};
        const isFailed = job === "demo" && (title === "demo" || title === "step 1 of 1: shell");
        expect(event["outcome"], String(title)).toBe(isFailed ? "failed" : "done");
        open.delete(event["task"]);
      }
    }
    expect(open.size).toBe(0);
  });
});
