import { execFileSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { eventFile } from "../../../src/run/event-file.ts";
import type { RunEvent } from "../../../src/run/events.ts";
import { makeMask } from "../../../src/sys/mask.ts";
import { test } from "../../helpers/folder.ts";
import { canMount } from "../../helpers/isolate.ts";

const note = (message: string): RunEvent => ({ event: "notice", message });
const linesOf = async (path: string) => (await readFile(path, "utf8")).split("\n").slice(0, -1);
const fail = (message: string) => expect.unreachable(message);

describe("an event file", () => {
  test("has each event but output, as a line of JSON with its time", async ({ folder }) => {
    const path = join(folder, "runs/1/events.jsonl");
    const file = eventFile(path, { notice: fail });
    const before = Date.now();
    file.emit(note("one"));
    file.emit({ event: "output", job: "demo", line: "make all", warning: false });
    file.emit(note("two\nlines, and ünïcode"));
    file.close();
    const events = (await linesOf(path)).map((line) => JSON.parse(line) as { time: number });
    expect(events).toEqual([
      { time: expect.any(Number), event: "notice", message: "one" },
      { time: expect.any(Number), event: "notice", message: "two\nlines, and ünïcode" },
    ]);
    for (const { time } of events) expect(time >= before && time <= Date.now()).toBe(true);
  });

  test("is made at the first event, and then has it at once", async ({ folder }) => {
    const path = join(folder, "run/events.jsonl");
    const file = eventFile(path, { notice: fail });
    file.emit({ event: "output", job: "demo", line: "make all", warning: false });
    await expect(readFile(path)).rejects.toThrow("ENOENT");
    file.emit(note("one"));
    expect(await linesOf(path)).toHaveLength(1);
    file.close();
  });

  test("has no secrets, also of more than one line", async ({ folder }) => {
    const path = join(folder, "events.jsonl");
    const file = eventFile(path, { notice: fail, mask: (text) => text.replaceAll('hush\n"hush"', "***") });
    file.emit(note('say hush\n"hush" now'));
    file.close();
    expect(await readFile(path, "utf8")).toContain('"message":"say *** now"');
  });

  test("has no secrets in keys and values, whatever JSON escapes, and no control characters", async ({ folder }) => {
    const path = join(folder, "events.jsonl");
    const secret = String.raw`hush\"hush`;
    const file = eventFile(path, { notice: fail, mask: makeMask({ MY_TOKEN: secret }) });
    const event = { ...note(`a ${secret}\u202Eb\u007F`), [secret]: 1, ["__proto__"]: secret };
    file.emit(event);
    file.close();
    expect(await readFile(path, "utf8")).toContain(String.raw`"message":"a ***\u202eb\u007f","***":1,"__proto__":"***"`);
  });

  test.runIf(canMount)("ends with a whole line when the disk is full, and says so once", async ({ folder }) => {
    const mount = join(folder, "small");
    await mkdir(mount);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", mount]);
    try {
      const path = join(mount, "events.jsonl");
      const notices: string[] = [];
      const file = eventFile(path, { notice: (message) => (notices.push(message), file.emit(note(message))) });
      for (let index = 0; index < 100; index += 1) file.emit(note(`${index} `.repeat(100)));
      file.close();
      const events = (await linesOf(path)).map((line) => JSON.parse(line) as unknown);
      expect(events.length).toBeGreaterThan(5);
      expect(await readFile(path, "utf8")).toMatch(/\n$/);
      expect(notices).toEqual([`Events are no longer written to ${path}: no space is left on the disk.`]);
    } finally {
      execFileSync("umount", [mount]);
    }
  });

  test("that cannot be made is reported once", async ({ folder }) => {
    await writeFile(join(folder, "file"), "");
    const notices: string[] = [];
    const file = eventFile(join(folder, "file/events.jsonl"), { notice: (message) => notices.push(message) });
    file.emit(note("one"));
    file.emit(note("two"));
    file.close();
    expect(notices).toEqual([expect.stringMatching(/^Events are no longer written to .*: /)]);
  });
});
