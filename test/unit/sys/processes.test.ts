import { randomInt } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { exec } from "../../../src/sys/exec.ts";
import { startTimeout, whileStopped } from "../../../src/sys/processes.ts";
import { host } from "../../helpers/host.ts";
import { processesWith, stateOf, until } from "../../helpers/processes.ts";

/** Blocks this process, as being stopped does. */
const block = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

describe("while this process is stopped", () => {
  test("programs are stopped with all that came from them, and go on later, but for those that they stopped", async () => {
    const unique = `.${randomInt(1e9, 9e9)}`;
    const script = `
      own=$(sh -c 'sleep 300${unique} >&2 & echo $!'); kill -STOP "$own"
      (setsid sleep 5${unique} &)
      sleep 5${unique}; kill -KILL "$own"`;
    const running = exec("sh", ["-c", script], { host });
    const states = () =>
      processesWith(unique)
        .filter((line) => /^\d+ sleep/.test(line))
        .map((line) => stateOf(Number.parseInt(line, 10)));
    await until("all of them run", () => states().toSorted().join("") === "SST");
    whileStopped(() => {
      block(50);
      expect(states()).toEqual(["T", "T", "T"]);
    });
    await until("they go on", () => states().toSorted().join("") === "SST");
    expect((await running).exitCode).toBe(0);
  });

  test("a time limit does not go on", async () => {
    let isLate = false;
    startTimeout(() => (isLate = true), 300);
    whileStopped(() => block(500));
    await sleep(100);
    expect(isLate).toBe(false);
    await until("it goes on", () => isLate, 2000);
  });
});
