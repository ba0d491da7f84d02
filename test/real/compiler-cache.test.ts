import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Manifest } from "../../src/index.ts";
import { run, cli } from "../helpers/cli.ts";
import { changeJobs, makeJobs } from "../helpers/jobs.ts";
import { listen } from "../helpers/server.ts";
import { freePort } from "../../src/sys/ports.ts";
import { whyUnreachable } from "../../src/sys/reach.ts";
import { inRoot, makeRoot, temporaryFolder, withPackages } from "./machine.ts";

const files = 40;
/**
 * Compiles forty small files, two at once, with the paths that a package build has in its flags;
 * `extra` makes it another job.
 */
const jobs = (extra = "") => ({
  demo: {
    script: `for i in $(seq ${files}); do
  printf '#include <stdio.h>\\n#define TWICE(x) ((x) + (x))\\nint f%s(int y) { puts(__FILE__); return TWICE(y) + %s; }\\n' $i $i > f$i.c
  gcc -g $KOVN_FLAGS "-ffile-prefix-map=$PWD=." -c "$PWD/f$i.c" -o ../out/f$i.o &
  [ $((i % 2)) = 1 ] || wait
done
(cd ../out && sha256sum f*.o) > ../out/objects.txt
touch ../out/objects.txt ${extra}`,
  },
});

/** Builds in a project and answers with what was told, and what ccache did. */
async function build(project: string, ...more: readonly string[]) {
  const { exitCode, stderr } = await run(project, [process.execPath, cli, "--target", "linux", ...more]);
  expect(exitCode, stderr).toBe(0);
  const { jobs: built } = JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;
  return { stderr, stats: built[0]?.compilerCache, objects: await readFile(join(project, "dist/linux/objects.txt"), "utf8") };
}

describe("ccache in the builds", async () => {
  const folder = await temporaryFolder();
  const root = join(folder.path, "root");
  const servers: (Promise<unknown> & { kill(signal: "SIGKILL"): boolean })[] = [];
  let count = 0;
  /** A project in a folder of its own, as on a machine of its own. */
  const machine = async () => {
    const own = join(folder.path, `machine-${++count}`);
    await mkdir(own);
    return makeJobs(own, jobs());
  };

  beforeAll(async () => {
    const packages = ["ccache", "distcc", "gcc", "libc6-dev"];
    await withPackages(() =>
      execa("apt-get", ["-qy", "install", "--no-install-recommends", ...packages], { stdio: ["ignore", "ignore", "inherit"] }),
    );
    await makeRoot(root);
    await inRoot(root, "apt-get -q update && apt-get -qy install --no-install-recommends redis-server nginx");
  });
  afterAll(async () => {
    for (const server of servers) server.kill("SIGKILL");
    await Promise.allSettled(servers);
    await folder[Symbol.asyncDispose]();
  });

  /** Starts a server of the root on loopback, and waits until it takes connections. */
  const serve = async (port: number, command: string) => {
    const args = ["--pid", "--fork", "--kill-child", "chroot", root, "sh", "-euc", command];
    servers.push(execa("unshare", args, { reject: false, stdio: ["ignore", "ignore", "inherit"] }));
    await expect
      .poll(() => execa("bash", ["-c", `: < /dev/tcp/127.0.0.1/${port}`], { reject: false }).then((result) => result.exitCode), {
        timeout: 20_000,
      })
      .toBe(0);
  };

  test("caches compilations across the folders of runs, and reports it", async () => {
    const project = await machine();
    expect((await build(project)).stats).toEqual({ hits: 0, misses: files, remoteHits: 0, remoteErrors: 0 });
    await changeJobs(project, jobs("../out/more.txt"));
    const { stderr, stats } = await build(project);
    expect(stderr).toContain(`ccache: ${files} of ${files} hits`);
    expect(stats).toMatchObject({ hits: files, misses: 0 });
  });

  test("is not used with --no-cache", async () => {
    expect((await build(await machine(), "--no-cache")).stats).toBeUndefined();
  });

  test("shares compilations of two machines through Redis", async () => {
    const port = await freePort();
    await serve(port, `exec redis-server --bind 127.0.0.1 --port ${port} --save ''`);
    const remote = ["--remote-cache", `redis://127.0.0.1:${port}`];
    expect((await build(await machine(), ...remote)).stats).toMatchObject({ hits: 0, misses: files });
    const { stderr, stats } = await build(await machine(), ...remote);
    expect(stats?.hits).toBeGreaterThan(0.95 * files);
    expect(stats).toMatchObject({ remoteHits: stats?.hits, remoteErrors: 0 });
    expect(stderr).toContain(" from the remote cache)");
  });

  test("shares compilations of two machines through nginx", async () => {
    const port = await freePort();
    await mkdir(join(root, "srv/cache"), { recursive: true });
    await execa("chmod", ["777", join(root, "srv/cache")]);
    const location = "root /srv/cache; dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 0;";
    const http = `access_log off; log_not_found off; server { listen 127.0.0.1:${port}; location / { ${location} } }`;
    await writeFile(join(root, "nginx.conf"), `daemon off; events {} http { ${http} }\n`);
    await serve(port, "exec nginx -c /nginx.conf");
    const remote = ["--remote-cache", `http://127.0.0.1:${port}/`];
    expect((await build(await machine(), ...remote)).stats).toMatchObject({ hits: 0, misses: files });
    const { stats } = await build(await machine(), ...remote);
    expect(stats?.hits).toBeGreaterThan(0.95 * files);
    expect(stats).toMatchObject({ remoteHits: stats?.hits });
  });

  test("continues without a remote cache that cannot be reached, and reports it once", async () => {
    const { stderr, stats } = await build(await machine(), "--remote-cache", "redis://me:geheim@127.0.0.1:1");
    expect(stats).toMatchObject({ misses: files, remoteErrors: 0 });
    const said = "notice: Remote cache redis://***@127.0.0.1:1 cannot be reached (ECONNREFUSED): the build continues without it.";
    expect(stderr.split("\n").filter((line) => line.includes("emote cache"))).toEqual([said]);
  });

  test("continues with a remote cache that hangs up, and counts the errors", async () => {
    const server = await listen((socket) => socket.destroy());
    const { stderr, stats } = await build(await machine(), "--remote-cache", `redis://127.0.0.1:${server.port}`);
    await server.close();
    expect(stats).toMatchObject({ misses: files });
    expect(stats?.remoteErrors).toBeGreaterThan(0);
    expect(stderr).toMatch(/, \d+ errors of the remote cache$/m);
  });

  /**
   * Starts two distccd on loopback that take one compilation each; answers with their addresses and
   * logs.
   */
  const startHelpers = async () =>
    Promise.all(
      ["a", "b"].map(async (name) => {
        const port = await freePort();
        const log = join(folder.path, `distccd-${name}.log`);
        await writeFile(log, "");
        // distccd becomes another user, and so loses the mark that its parent's end is its own: a
        // shell's end ends all.
        await execa("chmod", ["777", folder.path, log]);
        const where = ["--listen", "127.0.0.1", "--port", `${port}`, "--allow", "127.0.0.1", "--log-file", log];
        const words = ["distccd", "--daemon", "--no-detach", "--jobs", "1", "--log-level", "info", ...where];
        servers.push(
          execa("unshare", ["--pid", "--fork", "--kill-child", "sh", "-c", '"$@" & wait', "sh", ...words], {
            reject: false,
            stdio: ["ignore", "ignore", "inherit"],
          }),
        );
        await expect.poll(() => whyUnreachable({ host: "127.0.0.1", port }), { timeout: 20_000 }).toBeUndefined();
        return { address: `127.0.0.1:${port}/1`, log };
      }),
    );

  describe("with distcc", () => {
    test("compiles on other machines, into the same objects", async () => {
      const helpers = await startHelpers();
      // Two at once: distcc sleeps for a second when no host is free.
      const here = await build(await machine(), "--distcc", "localhost/2");
      const hosts = helpers.map(({ address }) => address).join(" ");
      const { stats, objects } = await build(await machine(), "--distcc", hosts);
      expect(stats).toMatchObject({ hits: 0, misses: files });
      expect(objects).toBe(here.objects);
      const compiled = await Promise.all(
        helpers.map(
          async ({ log }) => (await readFile(log, "utf8")).split("\n").filter((line) => line.includes("COMPILE_OK")).length,
        ),
      );
      expect(compiled.every((some) => some > 0)).toBe(true);
      expect(compiled.reduce((sum, some) => sum + some, 0)).toBe(files);
    });

    test("compiles on this machine when no host answers", async () => {
      const port = await freePort();
      const { stats } = await build(await machine(), "--distcc", `127.0.0.1:${port}/2`);
      expect(stats).toMatchObject({ hits: 0, misses: files });
    });

    test("refuses hosts that distcc does not understand", async () => {
      const { exitCode, stderr } = await run(await machine(), [
        process.execPath,
        cli,
        "--target",
        "linux",
        "--distcc",
        "one/many",
      ]);
      expect(exitCode).toBe(2);
      expect(stderr).toContain('distcc does not understand the hosts `one/many`: bad multiplier "/many" in host specification');
      expect(stderr).toContain("--distcc 'localhost/2 builder1/8'");
    });
  });
});
