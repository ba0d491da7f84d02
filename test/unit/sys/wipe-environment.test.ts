import { execa } from "execa";
import { expect, test } from "vitest";

const script = (memory: string) => `
  import { readFileSync } from "node:fs";
  import { wipeEnvironment } from "./build/sys/wipe-environment.js";
  const left = wipeEnvironment((name) => name === "DB_PASS"${memory});
  console.log(JSON.stringify({ left, seen: readFileSync("/proc/self/environ", "latin1").includes("s3cret-value") }));`;

async function wipe(memory: string, env: Readonly<Record<string, string>>): Promise<unknown> {
  const args = ["--input-type=module", "-e", script(memory)];
  const { stdout } = await execa(process.execPath, args, { env: { ...env, PATH: "/bin" }, extendEnv: false });
  return JSON.parse(stdout);
}

test.runIf(process.platform === "linux")("secrets that cannot be overwritten are named", async () => {
  const env = { DB_PASS: "s3cret-value", MARK: "yes" };
  expect(await wipe("", env)).toEqual({ left: [], seen: false });
  expect(await wipe(', "/proc/self/nothing"', env)).toEqual({ left: ["DB_PASS"], seen: true });
  expect(await wipe(', "/proc/self/nothing"', { MARK: "yes" })).toEqual({ left: [], seen: false });
});
