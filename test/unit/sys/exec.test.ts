import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { exec, tryExec, type Host } from "../../../src/sys/exec.ts";
import { processesWith } from "../../helpers/processes.ts";
import { makeMask } from "../../../src/sys/mask.ts";
import { quietTask } from "../../../src/sys/task.ts";

const host: Host = { env: { PATH: "/usr/bin:/bin" }, signal: new AbortController().signal, task: quietTask };

async function linesOf(script: string, options: Partial<Host> = {}): Promise<readonly string[]> {
  const lines: string[] = [];
  await exec("sh", ["-c", script], { host: { ...host, ...options }, onLines: async (some) => void lines.push(...some) });
  return lines;
}

describe("exec", () => {
  test("a program sees only the given environment and its mark", async () => {
    const { stdout } = await exec("env", [], { host, env: { A: "1" } });
    expect(stdout.split("\n").map((row) => row.split("=")[0])).toEqual(["PATH", "A", "KOVN_BUILD_MARK", ""]);
  });

  test("a program that starts services carries no mark", async () => {
    expect((await exec("env", [], { host, startsServices: true })).stdout).toBe("PATH=/usr/bin:/bin\n");
  });

  test("a non-zero exit code is a result, not an error", async () => {
    expect(await exec("sh", ["-c", "echo out; echo err >&2; exit 3"], { host })).toEqual({
      exitCode: 3,
      stdout: "out\n",
      stderr: "err\n",
    });
  });

  test("the error for a missing program names it", async () => {
    const onLines = async () => undefined;
    for (const options of [{ host }, { host, onLines }])
      await expect(exec("no-such-program", [], options)).rejects.toMatchObject({
        code: "machine",
        message: expect.stringContaining("`no-such-program`"),
      });
  });

  test("a program that somebody killed has no result, and is not missing", async () => {
    const killed = { code: "machine", message: expect.stringContaining("`sh` was killed (SIGKILL)") as unknown };
    const args = ["-c", "kill -KILL $$"];
    await expect(exec("sh", args, { host })).rejects.toMatchObject(killed);
    await expect(exec("sh", args, { host, onLines: async () => undefined })).rejects.toMatchObject(killed);
    await expect(tryExec("sh", args, { host })).rejects.toMatchObject(killed);
    expect(await exec("sh", ["-c", "kill -SEGV $$"], { host })).toMatchObject({ exitCode: 128 });
  });

  test("lines arrive whole: empty ones, long ones, a last one without an end, and characters of several bytes", async () => {
    expect(await linesOf("printf 'a\\n\\n'; sleep 0.1; printf 'gr\\303'; sleep 0.1; printf '\\274n\\nend'")).toEqual([
      "a",
      "",
      "grün",
      "end",
    ]);
  });

  test("an endless line arrives in pieces", async () => {
    const lines = await linesOf("head -c 1000000 /dev/zero | tr '\\0' x");
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("")).toBe("x".repeat(1_000_000));
  });

  test("secrets are masked before a line is delivered", async () => {
    expect(await linesOf("echo my secret", { mask: (text) => text.replaceAll("secret", "***") })).toEqual(["my ***"]);
  });

  test("a secret is masked where an endless line is cut into pieces, and where the output is", async () => {
    const mask = makeMask({ MY_TOKEN: "value-of-token" });
    const script = `head -c 65530 /dev/zero | tr '\\0' x; printf 'value-'; sleep 0.2; printf 'of-token'; head -c 200000 /dev/zero`;
    const lines = await linesOf(script, { mask });
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join("")).toBe(`${"x".repeat(65530)}***${"\0".repeat(200_000)}`);
  });

  test("when the receiver fails, the program is stopped and the failure is thrown", async () => {
    const script = "while :; do echo 4711.0815; sleep 0.01; done";
    const onLines = async () => Promise.reject(new Error("disk full"));
    await expect(exec("sh", ["-c", script], { host, onLines })).rejects.toThrow("disk full");
    expect(processesWith("4711.0815")).toEqual([]);
  });

  test("a slow receiver slows the program", async () => {
    let seen = 0;
    const onLines = async (lines: readonly string[]) => {
      seen += lines.length;
      await sleep(20);
      if (seen > 50_000) expect(process.memoryUsage().external).toBeLessThan(100e6);
    };
    await exec("sh", ["-c", "yes '' | head -n 100000"], { host, onLines });
    expect(seen).toBe(100_000);
  });

  test("a program that exceeds its time limit is stopped with all its children", async () => {
    const script = "sleep 4711.0816 & setsid sleep 4711.0816 & wait";
    await expect(exec("sh", ["-c", script], { host, timeout: 300 })).rejects.toMatchObject({ code: "network" });
    expect(processesWith("4711.0816")).toEqual([]);
  });

  test("an aborted run throws the signal's reason after the program has ended", async () => {
    const abort = new AbortController();
    const running = exec("sleep", ["4711.0817"], { host: { ...host, signal: abort.signal, task: quietTask } });
    setTimeout(() => abort.abort(new Error("enough")), 200);
    await expect(running).rejects.toThrow("enough");
    expect(processesWith("4711.0817")).toEqual([]);
  });
});

describe("a program's progress", () => {
  async function follow(script: string, fd: 2 | 3) {
    const seen: string[] = [];
    const status = { fd, onLine: (line: string) => void seen.push(line) };
    return { seen, result: await exec("sh", ["-c", script], { host, status }) };
  }

  test("on stderr arrives line by line; the result has the lines that were not overwritten", async () => {
    const { seen, result } = await follow("printf 'a 1\\ra 2\\ra 3, done\\n' >&2; sleep 0.1; echo out; printf wrong >&2", 2);
    expect(seen).toEqual(["a 1", "a 2", "a 3, done"]);
    expect(result).toEqual({ exitCode: 0, stdout: "out\n", stderr: "a 3, done\nwrong" });
  });

  test("on a file descriptor of its own leaves stderr alone", async () => {
    const { seen, result } = await follow("echo at 5 >&3; echo wrong >&2; exit 1", 3);
    expect(seen).toEqual(["at 5"]);
    expect(result).toEqual({ exitCode: 1, stdout: "", stderr: "wrong\n" });
  });

  test("is not collected", async () => {
    const { seen, result } = await follow("seq 100000 >&2", 2);
    expect(seen.length).toBe(100_000);
    expect(result.stderr.split("\n").length).toBeLessThan(10_000);
    expect(result.stderr).toMatch(/\n100000\n$/);
  });

  test("of a missing program is an error like any other", async () => {
    for (const fd of [2, 3] as const)
      await expect(exec("no-such-program", [], { host, status: { fd, onLine: () => undefined } })).rejects.toMatchObject({
        code: "machine",
      });
  });

  test("ends with the run", async () => {
    for (const fd of [2, 3] as const) {
      const abort = new AbortController();
      const status = { fd, onLine: () => abort.abort(new Error("enough")) };
      const slow = exec("sh", ["-c", `echo here >&${fd}; sleep 60`], { host: { ...host, signal: abort.signal }, status });
      await expect(slow).rejects.toThrow("enough");
    }
  });
});
