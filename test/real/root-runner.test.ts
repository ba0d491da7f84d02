import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { startBuild } from "../helpers/jobs.ts";
import { isNightly } from "../helpers/nightly.ts";
import { makeProject, writeFiles } from "../helpers/project.ts";
import { demoPackage } from "./demo-package.ts";
import { makeRoot, temporaryFolder } from "./machine.ts";

const image = "docker.io/library/debian:13";

/**
 * podman with images of its own below `folder`, among them one of Debian 13: no registry is asked. Its
 * settings are the machine's, where `CONTAINERS_CONF` names them.
 */
async function startPodman(folder: string) {
  const storage = join(folder, "storage.conf");
  await writeFile(storage, `[storage]\ndriver = "overlay"\nrunroot = "${folder}/run"\ngraphroot = "${folder}/images"\n`);
  const { CONTAINERS_CONF: settings } = process.env;
  const env = { CONTAINERS_STORAGE_CONF: storage, ...(settings === undefined ? {} : { CONTAINERS_CONF: settings }) };
  const podman = async (...args: readonly string[]) => (await execa("podman", args, { env })).stdout;
  await makeRoot(join(folder, "debian"), "debian 13");
  await execa("tar", ["--create", "--one-file-system", `--file=${folder}/debian.tar`, `--directory=${folder}/debian`, "."]);
  await podman("import", join(folder, "debian.tar"), image);
  return { env, podman };
}

const { failed } = await execa("podman", ["--version"], { reject: false });

test.skipIf(failed || !isNightly)(
  `containers of podman build what bubblewrap does, of the same packages, and none outlives a killed build (nightly)${failed ? ": no podman" : ""}`,
  async ({ skip }) => {
    await using folder = await temporaryFolder();
    const { env, podman } = await startPodman(folder.path);
    const tried = await podman("run", "--rm", "--network=none", image, "true").catch((error: unknown) => String(error));
    skip(tried !== "", `podman runs no container here: ${tried}`);
    const project = await makeProject(folder.path, { "pipelines/test.yaml": demoPackage });
    const start = (...options: readonly string[]) =>
      startBuild(project, env, ["--root", "debian:13", "--unlocked", "--no-cache", ...options]);
    const containers = async () => podman("ps", "--all", "--quiet");
    const build = async (runner: string) => {
      const out = join(project, runner);
      expect(await start("--runner", runner, "--out", out).ended).toMatchObject({ exitCode: 0 });
      const read = async (name: string) => readFile(join(out, "linux", name), "utf8");
      return { manifest: JSON.parse(await read("artifacts.json")) as Manifest, seen: await read("seen.txt") };
    };
    const endBy = async (signal: NodeJS.Signals, said: RegExp) => {
      const running = start("--runner", "podman");
      await expect.poll(() => running.said(), { timeout: 300_000, interval: 200 }).toMatch(said);
      await expect.poll(containers, { timeout: 60_000, interval: 200 }).not.toBe("");
      process.kill(running.pid, signal);
      await running.ended;
      await expect.poll(containers, { timeout: 5000, interval: 100 }).toBe("");
    };

    await endBy("SIGKILL", /make root debian:13/);
    const [one, two] = [await build("podman"), await build("bubblewrap")];
    expect(one.seen).toMatch(/^release: 13\ninterfaces: 1\nroot: read-only\nhome: 0\n/);
    expect(one.manifest.jobs[0]?.root).toEqual(two.manifest.jobs[0]?.root);
    const debs = [one, two].map(({ manifest }) => manifest.artifacts.filter(({ package: name }) => name === "demo"));
    expect(debs[0]).toEqual([expect.objectContaining({ version: expect.stringMatching(/\.deb13$/) })]);
    expect(debs[0]).toEqual(debs[1]);

    await writeFiles(project, { "pipelines/test.yaml": demoPackage.replace("mkdir debian", "sleep 1000") });
    await endBy("SIGKILL", /step 1 of 2/);
    await endBy("SIGTERM", /step 1 of 2/);
    expect(await podman("images", "--quiet")).toMatch(/^\w+\n\w+$/);
    await execa("node", [join(process.cwd(), "build/cli.js"), "cache", "prune", "--size", "0"], { cwd: project, env });
    expect(await podman("images", "--quiet")).toMatch(/^\w+$/);
  },
);
