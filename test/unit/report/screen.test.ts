import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { openScreen, type Size } from "../../../src/report/screen.ts";
import { openEmulator } from "../../helpers/emulator.ts";

/** As many lines as fit, as wide as fits, with a mark that says which drawing it is. */
const fill =
  (lines: number, mark = "") =>
  ({ columns, rows }: Size) =>
    Array.from({ length: Math.min(lines, rows - 1) }, (_, index) =>
      `${mark}${index + 1}${"-".repeat(columns)}`.slice(0, columns - 1),
    );

describe("the screen", () => {
  test("draws lines in place, below what is printed, and removes them", async () => {
    const terminal = openEmulator(20, 6);
    const screen = openScreen(terminal, () => true);
    screen.show(() => ["one", "two"]);
    expect(terminal.isCursorHidden()).toBe(true);
    for (const text of ["first", "second", "third", "fourth", "fifth"]) screen.print(() => terminal.write(`${text}\n`));
    expect(await terminal.all()).toEqual(["first", "second", "third", "fourth", "fifth", "one", "two"]);
    screen.show(undefined);
    expect(await terminal.all()).toEqual(["first", "second", "third", "fourth", "fifth"]);
    expect(terminal.isCursorHidden()).toBe(false);
  });

  test("draws again by itself, fewer lines as well", async () => {
    const terminal = openEmulator(20, 6);
    let lines = ["one", "two", "three"];
    const screen = openScreen(terminal, () => true);
    screen.show(() => lines);
    lines = ["four"];
    await expect.poll(terminal.all, { timeout: 10_000 }).toEqual(["four"]);
    screen.show(undefined);
  });

  for (const [columns, rows] of [
    [40, 24],
    [20, 24],
    [79, 24],
    [120, 24],
    [200, 50],
  ] as const)
    test(`leaves nothing of what it drew when 80x24 becomes ${columns}x${rows}`, async () => {
      const terminal = openEmulator(80, 24);
      terminal.write("printed before\n");
      const screen = openScreen(terminal, () => true);
      screen.show(fill(5));
      await terminal.resize(columns, rows);
      expect(await terminal.all()).toEqual(["printed before", ...fill(5)({ columns, rows })]);
      screen.show(undefined);
      expect(await terminal.all()).toEqual(["printed before"]);
    });

  test("fills a screen without leaving remains while lines are printed, at every size", async () => {
    for (const [columns, rows] of [
      [80, 24],
      [20, 3],
      [2, 2],
    ] as const) {
      const terminal = openEmulator(columns, rows);
      const screen = openScreen(terminal, () => true);
      screen.show(fill(40));
      for (let index = 0; index < 50; index++) screen.print(() => terminal.write("p\n"));
      expect(await terminal.all()).toEqual([...Array.from({ length: 50 }, () => "p"), ...fill(40)({ columns, rows })]);
    }
  });

  for (const [name, size] of Object.entries({ "0x0": { columns: 0, rows: 0 }, "an unknown size": {} }))
    test(`counts ${name} as 80x24`, () => {
      let seen: Size | undefined;
      const terminal = { ...size, write: () => undefined, on: () => undefined };
      openScreen(terminal, () => true).show((given) => ((seen = given), []));
      expect(seen).toEqual({ columns: 80, rows: 24 });
    });

  test("draws nothing between pause and resume, and leaves the cursor visible", async () => {
    const terminal = openEmulator(20, 6);
    const screen = openScreen(terminal, () => true);
    screen.show(() => ["one"]);
    screen.pause();
    expect(terminal.isCursorHidden()).toBe(false);
    await sleep(400);
    expect(await terminal.all()).toEqual([]);
    screen.resume();
    expect(await terminal.all()).toEqual(["one"]);
  });

  test("draws nothing in the background, where it still prints", async () => {
    const terminal = openEmulator(20, 6);
    let isForeground = false;
    const screen = openScreen(terminal, () => isForeground);
    screen.show(() => ["one"]);
    screen.print(() => terminal.write("$ printed\n"));
    expect(await terminal.all()).toEqual(["$ printed"]);
    isForeground = true;
    await expect.poll(terminal.all, { timeout: 10_000 }).toEqual(["$ printed", "one"]);
  });
});
