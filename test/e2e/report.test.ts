import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { lockIn, withLock } from "../../src/sys/with-lock.ts";
import { makeBin } from "../helpers/bin.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { host } from "../helpers/host.ts";
import { makeJobs } from "../helpers/jobs.ts";
import { writeFiles } from "../helpers/project.ts";
import { aManifest, anArtifact, compileEvents, compileLog, conflictEvents, doneEvents, writeRun } from "../helpers/run-folder.ts";

const [first, second] = ["20261126T043000Z-4000001", "20261126T043500Z-4000002"];
const before = [anArtifact("openvswitch-common", 2_000_000, "a"), anArtifact("openvswitch-switch", 1000, "b")];
const after = [anArtifact("openvswitch-common", 2_001_200, "c"), anArtifact("python3-openvswitch", 500, "d")];
const doneRun = (artifacts = before, changes = {}) => ({
  "events.jsonl": doneEvents(artifacts),
  "artifacts.json": JSON.stringify(aManifest(artifacts, changes)),
});

/** The text of a page without its markup. */
async function pageText(path: string): Promise<string> {
  const page = await readFile(path, "utf8");
  const [, body = ""] = page.split("<body>");
  return body
    .replaceAll(/<[^>]*>/g, " ")
    .replaceAll(/\s+/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}

describe.concurrent("report", () => {
  test("writes the page of the newest run into its folder and prints the path", async ({ folder }) => {
    await writeRun(folder, first, doneRun());
    const run = await writeRun(folder, second, doneRun(after));
    const { exitCode, stdout, stderr } = await kovnBuild(folder, ["report"]);
    expect({ exitCode, stdout, stderr }).toEqual({ exitCode: 0, stdout: join(run, "report.html"), stderr: "" });
    const text = await pageText(stdout);
    expect(text).toContain("Build for linux, line 1.12: done");
    expect(text).toContain("ovs built");
    expect(text).toContain("ovn cached");
    expect(text).toContain("368 3 (0 %)");
    expect(text).toContain(`Compared with run ${first}`);
    expect(text).toMatch(/openvswitch-common_\S+ c{64} 2\.0 MB \+1\.2 kB/);
    expect(text).toMatch(/python3-openvswitch_\S+ d{64} 0\.5 kB new/);
    expect(text).toMatch(/openvswitch-switch_\S+ b{64} 1\.0 kB no longer made/);
    expect(text).toContain("second.patch Second change applied");
  });

  test("compares with the last earlier run of the same target, line and variant", async ({ folder }) => {
    await writeRun(folder, "20261126T040000Z-1", doneRun());
    await writeRun(folder, "20261126T040100Z-1", doneRun(before, { variant: "other" }));
    await writeRun(folder, "20261126T040200Z-1", { "events.jsonl": conflictEvents });
    await writeRun(folder, first, doneRun(after));
    await writeRun(folder, second, doneRun(before));
    const text = await pageText((await kovnBuild(folder, ["report", first])).stdout);
    expect(text).toContain("Compared with run 20261126T040000Z-1");
  });

  test("shows the first errors of a job with the lines around them, and which patches were not reached", async ({ folder }) => {
    await writeRun(folder, first, { "events.jsonl": compileEvents, "ovs/log": compileLog });
    const text = await pageText((await kovnBuild(folder, ["report"])).stdout);
    expect(text).toContain("Build for linux, line 1.12: failed");
    expect(text).toContain(
      "60 line 60 of the log <&> 61 lib/a.c:3:1: error: expected ';' before '}' token 62 line 62 of the log <&>",
    );
    expect(text).not.toContain("line 70 of the log");
    expect(text).toContain("ovn skipped needs ovs");
    expect(text).toContain("make: *** [Makefile:1: all] Error 2 red <end>");
  });

  test("names the patch that does not apply", async ({ folder }) => {
    await writeRun(folder, first, { "events.jsonl": conflictEvents, "ovs/log": "" });
    const text = await pageText((await kovnBuild(folder, ["report"])).stdout);
    expect(text).toContain("first.patch applied second.patch failed third.patch not reached packaging/rules.patch");
    expect(text).toContain("/somewhere/patches/1.12/ovs/second.patch:12");
    expect(text).toContain("kovn-build patches apply ovs DIR --until second More: kovn-build explain patch");
  });

  test("says what is gone of a run whose folder was half deleted", async ({ folder }) => {
    await writeRun(folder, first, { "events.jsonl": compileEvents });
    await writeRun(folder, second, { "events.jsonl": doneEvents(after) });
    const failed = await pageText((await kovnBuild(folder, ["report", first])).stdout);
    expect(failed).toContain("The log of job ovs is gone: only its last lines are known.");
    expect(failed).toContain("61 lib/a.c:3:1: error: expected ';' before '}' token");
    const done = await pageText((await kovnBuild(folder, ["report", second])).stdout);
    expect(done).toContain("artifacts.json is gone: what was built is known from the events only.");
    expect(done).toMatch(/openvswitch-common_\S+ c{64} 2\.0 MB/);
  });

  test("shows how far a run came whose events are cut in the middle of a line", async ({ folder }) => {
    const events = compileEvents.slice(0, compileEvents.indexOf('"outcome":"failed"'));
    await writeRun(folder, first, { "events.jsonl": events, "artifacts.json": "{" });
    const text = await pageText((await kovnBuild(folder, ["report"])).stdout);
    expect(text).toContain("Build for linux, line 1.12: killed");
    expect(text).toContain("The run was killed: it neither succeeded nor failed. This is how far it came.");
    expect(text).toContain("events.jsonl ends in the middle of a line: the rest of the run is unknown.");
    expect(text).toContain("artifacts.json cannot be read.");
    expect(text).toContain("ovs killed");
  });

  test("works for every length of a file of events, and an empty one", async ({ folder }) => {
    const run = await writeRun(folder, first, { "events.jsonl": "" });
    for (let length = 0; length <= compileEvents.length; length += 400) {
      await writeFile(join(run, "events.jsonl"), compileEvents.slice(0, length));
      const { exitCode, stderr } = await kovnBuild(folder, ["report", "--trace", "trace.json"]);
      expect({ exitCode, stderr }, String(length)).toEqual({ exitCode: 0, stderr: "" });
    }
  });

  test("shows a run that is still going", async ({ folder }) => {
    const events = compileEvents.slice(0, compileEvents.indexOf('{"event":"job-end"'));
    const run = await writeRun(folder, first, { "events.jsonl": `${events}{"event":` });
    const report = async () => pageText((await kovnBuild(folder, ["report"])).stdout);
    const text = await withLock(lockIn(run), { host, other: "is at work" }, report);
    expect(text).toContain("Build for linux, line 1.12: running");
    expect(text).toContain("The run is still going. Make the page again to see more.");
    expect(text).toContain("ovs running");
    expect(text).not.toContain("middle of a line");
    expect(await report()).toContain("Build for linux, line 1.12: killed");
  });

  test("escapes everything that comes from a run", async ({ folder }) => {
    const evil = `</style><script src="https://example.com/x.js"></script><img src=x onerror="alert(1)">`;
    const inJson = JSON.stringify(evil).slice(1, -1);
    const events = compileEvents
      .replaceAll("error: expected ';' before '}' token", inJson)
      .replaceAll("lib/", inJson)
      .replaceAll(/"(title|message|hint|version|line|flags|id|name|log)":"[^"]*"/g, `"$1":"${inJson}"`);
    await writeRun(folder, first, { "events.jsonl": events, "ovs/log": compileLog.replaceAll("line", evil) });
    const page = await readFile((await kovnBuild(folder, ["report"])).stdout, "utf8");
    expect(page).toContain("&lt;script src=&quot;https://example.com/x.js&quot;&gt;");
    expect(page).not.toMatch(/<script|<img|\son\w+="/);
  });

  test("is one file that requests nothing, whose only address of another place is a name space", async ({ folder }) => {
    await writeRun(folder, first, doneRun());
    const page = await readFile((await kovnBuild(folder, ["report"])).stdout, "utf8");
    expect(page).toContain(`content="default-src 'none'; style-src 'sha256-`);
    expect(page).not.toMatch(/<(script|link|img|iframe|object|embed|base|form)|\s(src|srcset|action|style)=|url\(|@import/);
    for (const [, target] of page.matchAll(/href="([^"]*)"/g)) expect(target).toMatch(/^#/);
    const ids = [...page.matchAll(/ id="([^"]*)"/g)].map((match) => match[1]);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("masks secrets in what a run left", async ({ folder }) => {
    const events = conflictEvents
      .replaceAll("https://example.com", "https://user:hunter22@example.com")
      .replaceAll("first.patch", "top-secret");
    await writeRun(folder, first, { "events.jsonl": events });
    const { stdout } = await kovnBuild(folder, ["report"], { MY_TOKEN: "top-secret" });
    expect(await readFile(stdout, "utf8")).not.toMatch(/hunter22|top-secret/);
  });

  test("writes to other files with --out and --trace, and takes the path of a run's folder", async ({ folder }) => {
    const run = await writeRun(folder, first, doneRun());
    const args = ["report", run, "--out", "deep/page.html", "--trace", "deep/trace.json"];
    expect(await kovnBuild(folder, args)).toEqual({ exitCode: 0, stdout: "deep/page.html", stderr: "" });
    expect(await pageText(join(folder, "deep/page.html"))).toContain("Timeline");
    expect(JSON.parse(await readFile(join(folder, "deep/trace.json"), "utf8"))).toHaveProperty("traceEvents");
  });

  test("prints the run as data with --json and writes no page", async ({ folder }) => {
    const run = await writeRun(folder, first, { "events.jsonl": compileEvents, "ovs/log": compileLog });
    const { stdout } = await kovnBuild(folder, ["report", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      schema: 1,
      run: first,
      state: "failed",
      jobs: [
        { id: "ovs", state: "failed", errors: [{ line: 61 }] },
        { id: "ovn", state: "skipped" },
      ],
      series: [{ source: "ovs" }, { source: "ovn" }],
    });
    await expect(readFile(join(run, "report.html"))).rejects.toThrow();
  });

  test("lists the runs when the named one is unknown", async ({ folder }) => {
    await writeRun(folder, first, doneRun());
    await writeRun(folder, "20261126T050000Z-1", { "ovs/log": "no events" });
    const { exitCode, stderr } = await kovnBuild(folder, ["report", "20261126T043000Z-4000002"]);
    expect(exitCode).toBe(2);
    expect(stderr).toBe(`Run \`20261126T043000Z-4000002\` is unknown. Available: \`${first}\`.\n  -> Did you mean \`${first}\`?`);
  });

  test("says so when there is no run, and when a folder has no events", async ({ folder }) => {
    const none = await kovnBuild(folder, ["report"]);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toBe(`No run has left its events in ${folder}/.kovn/runs.\n  -> kovn-build --target linux`);
    const run = await writeRun(folder, first, { "ovs/log": "" });
    const empty = await kovnBuild(folder, ["report", run]);
    expect(empty.exitCode).toBe(2);
    expect(empty.stderr).toBe(
      `Run \`${first}\` has no readable events.jsonl in ${run}, so nothing is known about it.\n  more: kovn-build explain usage`,
    );
  });

  test("opens the page with xdg-open, or says how to open it", async ({ folder }) => {
    await writeRun(folder, first, doneRun());
    await using bin = await makeBin({ "xdg-open": 'echo "$@" > "$dir/opened"', node: "" });
    const opened = await kovnBuild(folder, ["report", "--open"], { PATH: bin.path });
    expect(opened).toMatchObject({ exitCode: 0, stderr: "" });
    expect(await readFile(join(bin.dir, "opened"), "utf8")).toBe(`${opened.stdout}\n`);
    await rm(join(bin.path, "xdg-open"));
    const missing = await kovnBuild(folder, ["report", "--open"], { PATH: bin.path });
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toBe(
      `The page cannot be opened: program \`xdg-open\` is not installed.\n  -> open ${missing.stdout} in a browser\n  more: kovn-build explain machine`,
    );
    await writeFiles(bin.path, { "xdg-open": "#!/bin/sh\necho no browser >&2\nexit 3\n" });
    const failed = await kovnBuild(folder, ["report", "--open"], { PATH: bin.path });
    expect(failed.stderr).toContain("The page cannot be opened: no browser.");
  });

  test("gives xdg-open the person's environment, and does not wait for the browser", async ({ folder }) => {
    await writeRun(folder, first, doneRun());
    const script = 'echo "$DISPLAY" > "$dir/display"\nsleep 20 &\necho $! > "$dir/browser"';
    await using bin = await makeBin({ "xdg-open": script, node: "" });
    const started = performance.now();
    const opened = await kovnBuild(folder, ["report", "--open"], { PATH: `${bin.path}:/usr/bin:/bin`, DISPLAY: ":7" });
    expect(opened).toMatchObject({ exitCode: 0, stderr: "" });
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await readFile(join(bin.dir, "display"), "utf8")).toBe(":7\n");
    const browser = Number(await readFile(join(bin.dir, "browser"), "utf8"));
    expect(process.kill(browser, "SIGKILL")).toBe(true);
  });

  test("shows a build that failed, with the compiler's line and what it says below", async ({ folder }) => {
    const script = "exec 2>&1; echo before; printf 'a.c:1:1: error: no\\n    1 | x\\n      | ^\\n'; seq 40; exit 1";
    const project = await makeJobs(folder, { demo: { script }, after: { needs: ["demo"] } });
    await kovnBuild(project, ["--target", "linux", "--keep-going"]);
    const text = await pageText((await kovnBuild(project, ["report"])).stdout);
    expect(text).toContain("Build for linux, line 1.0: failed");
    expect(text).toContain("The error in its log:");
    expect(text).toMatch(/ \d before \d a\.c:1:1: error: no \d 1 \| x /);
    expect(text).toContain("after skipped needs demo");
  });

  test("names the patch of a build that does not apply", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    await writeFiles(join(project, "patches/1.0/demo"), { series: "greet-all.patch\ngreet-world.patch\n" });
    await kovnBuild(project, ["--target", "linux", "--unlocked"]);
    const text = await pageText((await kovnBuild(project, ["report"])).stdout);
    expect(text).toContain("greet-all.patch failed greet-world.patch not reached");
  });

  test("knows all that a build reports", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: "echo 'x.c:1: warning: w'" } });
    await kovnBuild(project, ["--target", "linux", "--verbose"]);
    await kovnBuild(project, ["--target", "linux"]);
    const text = await pageText((await kovnBuild(project, ["report"])).stdout);
    expect(text).toContain("Build for linux, line 1.0: done");
    expect(text).toContain("demo cached");
    expect(text).toContain("Patches: 2 applied");
    expect(text).toMatch(/demo\.txt [0-9a-f]{64} \S+ kB same/);
    expect(text).not.toContain("cannot be read");
  });
});
