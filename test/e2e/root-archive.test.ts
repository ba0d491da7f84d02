import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { knownRoots } from "../../src/root/known.ts";
import { makeMaker, serveArchive, startsOf, test as withArchive, type FixtureArchive, type Signer } from "../helpers/archive.ts";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { canMount, onOtherFile, onSmallDisk } from "../helpers/isolate.ts";
import { makeJobs } from "../helpers/jobs.ts";
import { writeFiles } from "../helpers/project.ts";
import { startProxy } from "../helpers/proxy.ts";

const keysOfDebian = knownRoots[0]?.keyring ?? "";
const hasKeyring = existsSync(keysOfDebian);

/** bubblewrap for a root without programs: runs those of the machine. */
const bwrap = `#!/bin/sh
case " $* " in *" -- "*) ;; *) exit 0;; esac
while [ "$1" != -- ]; do [ "$1" != --chdir ] || dir=$2; shift; done
shift; cd "$dir" && exec "$@"
`;

/** Starts a program for which the archive's keys are those of the tests, and bubblewrap is the one above. */
const onMounts = (keyring: string, folder: string) => [
  ...onOtherFile(keysOfDebian, keyring),
  ...onOtherFile("/usr/bin/bwrap", join(folder, "bin/bwrap")),
];

/** A project, an archive of Debian 12, and programs that stand for mmdebstrap and bubblewrap. */
const test = withArchive.extend<{ made: Awaited<ReturnType<typeof makeWorld>> }>({
  made: async ({ archive, signer, folder }, use) => use(await makeWorld(archive, signer, folder)),
});

async function makeWorld(archive: FixtureArchive, { keyring }: Signer, folder: string) {
  await archive.publish({ packages: { ccache: {}, demo: {} } });
  const bin = await makeMaker(folder);
  // What mounts here is the machine's own.
  await writeFiles(bin, { newuidmap: "#!/bin/sh\n", bwrap, ...(canMount ? { unshare: undefined } : {}) });
  const project = await makeJobs(folder, { one: { packages: ["demo"] }, two: { packages: ["demo"], needs: ["one"] } });
  const { main, security } = archive.mirrors;
  const env = { PATH: `${bin}:${process.env["PATH"] ?? ""}`, KOVN_MIRROR: `${main} security=${security}` };
  const command = [process.execPath, cli, "--target", "linux", "--root", "debian:12"];
  const mounts = onMounts(keyring, folder);
  const build = async (...wrap: readonly string[]) => run(project, [...mounts, ...wrap, ...command], env);
  const roots = async () => (await readdir(join(project, ".kovn/roots"))).filter((name) => name !== "archives");
  return { archive, project, env, command: [...mounts, ...command], build, roots };
}

const asked = (requests: readonly string[]) => requests.filter((path) => path.endsWith("InRelease")).toSorted();
const releases = [
  "/debian/dists/bookworm-updates/InRelease",
  "/debian/dists/bookworm/InRelease",
  "/security/dists/bookworm-security/InRelease",
];

describe.concurrent("a mirror", () => {
  test.skipIf(!hasKeyring)(
    "is asked, from the environment or from --mirror, which counts alone",
    async ({ made, signer, folder }) => {
      await using other = await serveArchive(signer);
      const { archive, project, env } = made;
      const args = ["--target", "linux", "--root", "debian:12"];
      const result = await kovnBuild(project, args, env);
      expect(asked(archive.requests)).toEqual(releases);
      // Debian's keys have not signed it.
      expect(result).toMatchObject({ exitCode: 1, stdout: "" });
      expect(result.stderr).toMatch(/^Root debian:12 cannot be made:\n.*NO_PUBKEY/m);
      expect(result.stderr).toMatch(
        /^ {2}-> apt-get install --only-upgrade debian-archive-keyring, or name another archive: --mirror URL/m,
      );
      archive.requests.length = 0;
      const mirrors = ["--mirror", other.mirrors.main, "--mirror", `security=${other.mirrors.security}`];
      expect((await kovnBuild(project, [...args, ...mirrors], env)).exitCode).toBe(1);
      expect([asked(archive.requests), asked(other.requests)]).toEqual([[], releases]);
      expect(await startsOf(folder)).toEqual([]);
    },
  );

  test.skipIf(!hasKeyring)("of an unknown host is reported with what to type", async ({ made }) => {
    const args = ["--target", "linux", "--root", "debian:12", "--mirror", "http://nowhere.invalid/debian"];
    const result = await kovnBuild(made.project, args, made.env);
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/Failed to fetch http:\/\/nowhere\.invalid\/debian\/dists\/bookworm\/InRelease/);
    expect(result.stderr).toMatch(/^ {2}-> check the network, or name another archive: --mirror URL, --mirror security=URL$/m);
  });
});

const canBuild = canMount && hasKeyring && existsSync("/usr/bin/bwrap");

describe.concurrent("a build in a root (needs root)", () => {
  test.skipIf(!canBuild)("names the root, and the next one asks only for the state of the archive", async ({ made, folder }) => {
    const { archive, project, env } = made;
    const first = await made.build();
    expect(first.exitCode, first.stderr).toBe(0);
    expect(archive.requests.filter((path) => path.endsWith(".deb")).toSorted()).toEqual([
      "/debian/pool/ccache_1.2_all.deb",
      "/debian/pool/demo_1.2_all.deb",
    ]);
    const manifest = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
    const root = { name: "debian:12", packages: { demo: "1.2" } };
    expect(manifest.jobs).toMatchObject([
      { id: "one", root },
      { id: "two", root },
    ]);
    archive.requests.length = 0;
    const second = await made.build();
    expect(second.stderr).toMatch(/^one: cached result of [^]*^two: cached result of /m);
    expect(archive.requests.toSorted()).toEqual(releases);
    expect(await startsOf(folder)).toHaveLength(1);

    const why = ["cache", "why", "--target", "linux", "--json"];
    const ask = async (...more: readonly string[]) =>
      JSON.parse((await kovnBuild(project, [...why, ...more], env)).stdout) as unknown;
    expect(await ask("--root", "debian:12")).toMatchObject({
      jobs: [{ job: "one", finished: expect.any(String) }, { job: "two" }],
    });
    expect(await ask()).toMatchObject({
      jobs: [{ job: "one", nearest: { changes: expect.arrayContaining(["root: removed"]) } }, { job: "two" }],
    });
    const [place = ""] = await made.roots();
    const status = join(project, ".kovn/roots", place, "tree/var/lib/dpkg/status");
    await writeFile(status, (await readFile(status, "utf8")).replace("1.2", "1.3"));
    expect(await ask("--root", "debian:12")).toMatchObject({
      jobs: [{ nearest: { changes: ["package demo: 1.2 → 1.3"] } }, { job: "two" }],
    });

    const list = await kovnBuild(project, ["cache", "list"], env);
    expect(list.stdout).toMatch(/^root debian:12 {2}1 package {2}made \S+ \S+ UTC {2}used \S+ \S+ UTC {2}\d+\.\d kB$/m);
    expect(list.stdout).toMatch(/^1 root: \d+\.\d kB, and \d+\.\d MB of their archives$/m);
    const { roots } = JSON.parse((await kovnBuild(project, ["cache", "list", "--json"], env)).stdout) as { roots: unknown };
    expect(roots).toEqual([
      expect.objectContaining({ name: "debian:12", packages: 1, folder: join(project, ".kovn/roots", place) }),
    ]);
    expect((await kovnBuild(project, ["cache", "prune", "--size", "0"], env)).exitCode).toBe(0);
    expect(await made.roots()).toEqual([]);
    expect((await kovnBuild(project, ["cache", "list"], env)).stdout).not.toContain("root");
  });

  test.skipIf(!canBuild)(
    "asks the archive through the proxy of the environment, and never shows the password",
    async ({ made }) => {
      const { archive, env } = made;
      await using proxy = await startProxy({
        hosts: { "mirror.test:80": Number(new URL(archive.url).port) },
        login: "me:s3cret",
      });
      const mirrors = "http://mirror.test/debian security=http://mirror.test/security";
      const through = (login: string) => ({ ...env, KOVN_MIRROR: mirrors, http_proxy: proxy.url.replace("://", `://${login}@`) });
      const { stdout, stderr, exitCode } = await run(made.project, made.command, through("me:s3cret"));
      expect(exitCode, stderr).toBe(0);
      expect(proxy.seen).toEqual(expect.arrayContaining(releases.map((path) => `GET http://mirror.test${path}`)));
      expect(proxy.seen).toContain("GET http://mirror.test/debian/pool/demo_1.2_all.deb");
      expect(stdout + stderr).not.toContain("s3cret");
    },
  );

  test.skipIf(!canBuild)("that is killed while its root is made leaves nothing in the way", async ({ made, folder }) => {
    await writeFile(join(folder, "hangs"), "");
    const [program = "", ...args] = made.command;
    const killed = execa(program, args, {
      cwd: made.project,
      env: { HOME: folder, ...made.env },
      extendEnv: false,
      reject: false,
    });
    await expect.poll(async () => startsOf(folder), { timeout: 30_000 }).toHaveLength(1);
    killed.kill("SIGKILL");
    await killed;
    expect(await made.roots()).toContainEqual(expect.stringMatching(/\.next$/));
    await writeFiles(folder, { hangs: undefined });
    const next = await made.build();
    expect(next.exitCode, next.stderr).toBe(0);
    expect(await made.roots()).toEqual([expect.stringMatching(/^debian-12-amd64-[0-9a-f]{16}-[0-9a-f]{16}$/)]);
    expect(await startsOf(folder)).toHaveLength(2);
  });

  test.skipIf(!canBuild)("for which the disk is too small says so", async ({ made }) => {
    const roots = join(made.project, ".kovn/roots");
    await mkdir(roots, { recursive: true });
    await made.archive.publish({ packages: { ccache: {}, demo: { depends: "x".repeat(100_000) } } });
    const result = await made.build(...onSmallDisk(roots));
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toMatch(/^Root debian:12 cannot be made:\n.*No space left on device/m);
    expect(result.stderr).toMatch(/^ {2}-> free some space: kovn-build cache prune --keep-runs 1$/m);
    expect(result.stderr).not.toMatch(/^left: .*\.next/m);
  });
});
