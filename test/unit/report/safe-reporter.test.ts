import { describe, expect, test } from "vitest";
import { makeActions } from "../../../src/report/actions.ts";
import { actionsReporter } from "../../../src/report/actions-reporter.ts";
import { liveReporter } from "../../../src/report/live.ts";
import { plainReporter } from "../../../src/report/plain.ts";
import { safeReporter } from "../../../src/report/safe-reporter.ts";
import { openScreen } from "../../../src/report/screen.ts";
import { makeStyle } from "../../../src/report/style.ts";
import type { RunEvent } from "../../../src/run/events.ts";
import type { Reporter } from "../../../src/run/progress.ts";
import type { RunningTask } from "../../../src/sys/tasks.ts";

const evil = "\u001B]0;owned\u0007\u001B[2J\u001B[31m\u009B5m\u202E\u2028\u200B\r::error::x";
const events: readonly RunEvent[] = [
  { event: "task-start", task: 1, title: `fetch ${evil}` },
  { event: "task-progress", task: 1, message: evil },
  { event: "notice", message: evil },
  { event: "jobs", jobs: [{ id: evil, needs: [] }], parallel: 1, keepGoing: true },
  { event: "base", source: evil, base: { kind: "apt", package: evil, version: evil, member: evil, sha256: evil }, commit: evil },
  { event: "job-start", job: evil, log: `/tmp/${evil}`, changes: [evil] },
  { event: "step-start", job: evil, step: evil, position: 1, count: 1 },
  { event: "task-start", task: 2, title: evil, job: evil },
  { event: "output", job: evil, line: evil, warning: true },
  { event: "job-skipped", job: evil, needs: [evil] },
  { event: "job-cached", job: evil, finished: evil, duration: 1 },
  {
    event: "job-end",
    job: evil,
    outcome: "failed",
    duration: 1,
    warnings: 0,
    log: `/tmp/${evil}`,
    errors: [{ line: 1, text: evil }],
    tail: [evil],
  },
  { event: "done", folder: evil, duration: 1, artifacts: [{ file: evil, size: 1, sha256: evil, job: evil }] },
];
const running: readonly RunningTask[] = [{ title: evil, said: evil, started: 0 }];
/** What a terminal obeys or hides, without our own: line ends, colors, the cursor and links to files. */
const seen = (text: string) =>
  text
    .replaceAll(
      // oxlint-disable-next-line no-control-regex
      /\u001B\[\?25l\r|\u001B\[(?:3[123]|39|2|22|\d*A|K|J|\?25[lh])m?|\u001B\]8;;(?:file:[^\u001B]*)?\u001B\\|\r(?=\u001B)|\n/g,
      "",
    )
    .match(/[\p{Cc}\p{Cf}\p{Zl}]/gu);

describe("texts of others have no control characters", () => {
  const style = makeStyle({ color: true, links: true });
  const kinds: Readonly<Record<string, (print: (text: string) => void) => Reporter>> = {
    plain: (print) => plainReporter({ print, result: print, style, verbose: true }),
    live: (print) => {
      const terminal = { columns: 200, rows: 50, write: print, on: () => undefined };
      return liveReporter({ screen: openScreen(terminal, () => true), style, print, result: print });
    },
    actions: (print) => {
      const actions = makeActions({ GITHUB_ACTIONS: "true" }, print, String);
      return actionsReporter(actions ?? expect.unreachable(), { print, result: print, style });
    },
  };
  for (const [name, make] of Object.entries(kinds))
    test(name, () => {
      let text = "";
      const reporter = safeReporter(make((more) => void (text += more)));
      reporter.start(() => running);
      for (const event of events) reporter.emit(event);
      reporter.end();
      expect(text).toContain(String.raw`\x1b]0;owned\x07\x1b[2J`);
      expect(seen(text)).toBeNull();
    });
});
