import { existsSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { inject } from "vitest";
import { lockBeside, withLock } from "../../src/sys/with-lock.ts";
import { host } from "../helpers/host.ts";

const cli = resolve("build/cli.js");

/**
 * Runs the compiled program in a folder, with its progress on stderr. Fails the test when the
 * program fails, with the end of what it wrote.
 */
export async function kovnBuild(cwd: string, args: readonly string[]): Promise<string> {
  const result = await execa("node", [cli, ...args], { cwd, stderr: ["inherit", "pipe"], reject: false });
  const { failed, exitCode, signal, stdout, stderr } = result;
  if (!failed) return stdout;
  const end = stderr.split("\n").slice(-8).join("\n");
  throw new Error(`kovn-build ${args.join(" ")} ended with ${exitCode ?? signal}:\n${end}`);
}

/** A new folder for a test; removed with `await using`. */
export async function temporaryFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "kovn-real-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Makes what all tests of a run share, once: the first process makes it, and the others wait. */
export async function makeOnce(path: string, make: () => Promise<void>): Promise<void> {
  await withLock(lockBeside(path), { host, other: `makes ${path}` }, async () => {
    if (!existsSync(path)) await make();
  });
}

/** Installs packages on this machine, one test file at a time: dpkg does not wait for another one. */
export async function withPackages(install: () => Promise<unknown>): Promise<void> {
  await withLock(lockBeside(join(inject("kept"), "packages")), { host, other: "installs packages" }, install);
}

/** Debian's names of its releases. */
const suites = { "debian 12": "bookworm", "debian 13": "trixie" } as const;

export type Distribution = keyof typeof suites;

/**
 * Makes a clean root of a distribution in `dir` (mmdebstrap), with the machine's package sources:
 * once for all tests of a run.
 */
export async function makeRoot(dir: string, distribution: Distribution = "debian 12"): Promise<void> {
  const suite = suites[distribution];
  const kept = join(inject("kept"), `root-${suite}`);
  await makeOnce(kept, async () => {
    const sources = `${kept}.sources`;
    const own = await readFile("/etc/apt/sources.list.d/debian.sources", "utf8");
    await writeFile(sources, own.replaceAll(new RegExp(Object.values(suites).join("|"), "g"), suite));
    await execa("mmdebstrap", ["--variant=apt", suite, `${kept}.new`, sources], { stderr: "inherit" });
    await rename(`${kept}.new`, kept);
  });
  await execa("cp", ["--archive", kept, dir]);
}

/**
 * Runs a shell script inside a root and returns its output. The folder `files` appears as `/files`.
 */
export async function inRoot(
  root: string,
  script: string,
  options: { readonly reject?: boolean } = {},
): Promise<{ stdout: string; stderr: string; exitCode: number }> {
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive" };
  const { reject = true } = options;
  const result = await execa(
    "unshare",
    ["--mount", "--pid", "--fork", "--kill-child", `--mount-proc=${root}/proc`, "chroot", root, "sh", "-euc", script],
    { env, extendEnv: false, reject },
  );
  return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode ?? 128 };
}
