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
const parse = (text: string) => text.split("\n").map((line) => JSON.parse(line) as Event);

function expectDocumented(events: readonly Event[]): void {
  for (const { event, ...fields } of events) {
    const wanted = documented.get(String(event)) ?? [];
    const optional = new Set(["expected", "compilerCache"].filter((name) => fields[name] === undefined));
    expect(new Set(Object.keys(fields)), String(event)).toEqual(new Set(wanted.filter((name) => !optional.has(name))));
  }
}

describe("build --json", () => {
  test("prints exactly the documented fields of every event, one event a line, and nothing else on stdout", async ({
    folder,
  }) => {
    const project = await makeJobs(folder, { demo: { script: "echo 'x.c:1: warning: w'" } });
    const first = parse((await kovnBuild(project, json)).stdout);
    const again = parse((await kovnBuild(project, [...json, "--no-cache"])).stdout);
    const cached = parse((await kovnBuild(project, json)).stdout);
    await changeJobs(project, { demo: { script: "echo oops; exit 1" }, after: { needs: ["demo"] } });
    const failed = await kovnBuild(project, [...json, "--keep-going"]);
    const events = [...first, ...again, ...cached, ...parse(failed.stdout)];
    expectDocumented(events);
    // A build emits a `notice` only when something unusual happens.
    expect(new Set(["notice", ...events.map((event) => event["event"])])).toEqual(new Set(documented.keys()));
    expect(first.at(0)).toMatchObject({ event: "plan" });
    expect(first.find((event) => event["event"] === "job-start")).not.toHaveProperty("expected");
    expect(again.find((event) => event["event"] === "job-start")).toHaveProperty("expected");
    expect(again.find((event) => event["event"] === "job-end")).toMatchObject({ outcome: "built", warnings: 1, tail: [] });
    expect(again.at(-1)).toMatchObject({ event: "done" });
    expect(cached.map(({ event }) => event)).toEqual(["plan", "job-cached", "done"]);
    expect(parse(failed.stdout).at(-1)).toMatchObject({ event: "job-skipped", job: "after", needs: ["demo"] });
    expect(parse(failed.stdout).at(-2)).toMatchObject({
      event: "job-end",
      outcome: "failed",
      tail: expect.arrayContaining(["oops"]),
    });
    expect(failed.exitCode).toBe(1);
  });

  test("omits the output of jobs without --verbose", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "echo line" } });
    const { stdout } = await kovnBuild(project, ["--target", "linux", "--json"]);
    expect(parse(stdout).map((event) => event["event"])).toEqual(["plan", "base", "job-start", "step-start", "job-end", "done"]);
  });
});
