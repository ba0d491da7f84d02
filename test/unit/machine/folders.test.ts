import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { checkTemporary, checkWork } from "../../../src/machine/folders.ts";
import { canMount } from "../../helpers/isolate.ts";
import { kovnBuild, run, cli } from "../../helpers/cli.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { makeJobs } from "../../helpers/jobs.ts";

const withTemporary = (dir: string) => checkTemporary({ ...host, env: { TMPDIR: dir } });

describe("the temporary folder", () => {
  test("is ok where files can be written, and /tmp by default", async ({ folder }) => {
    expect(await withTemporary(folder)).toMatchObject({ status: "ok", found: folder });
    expect(await checkTemporary({ ...host, env: {} })).toMatchObject({ found: expect.stringMatching(/^\/tmp/) });
  });

  test("is reported when it cannot be used, with the reason", async ({ folder }) => {
    await writeFile(join(folder, "file"), "");
    for (const [dir, found] of [
      [join(folder, "gone"), `${folder}/gone does not exist`],
      [join(folder, "file"), `${folder}/file is not a folder`],
      ["tmp", "tmp is not an absolute path"],
    ] as const)
      expect(await withTemporary(dir)).toMatchObject({ status: "missing", found, fix: "export TMPDIR=/tmp" });
  });

  test("stops a build before a job runs", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    const { exitCode, stderr } = await kovnBuild(project, ["--target", "linux"], { TMPDIR: join(folder, "gone") });
    expect(stderr).toContain(`temporary folder: ${folder}/gone does not exist`);
    expect(stderr).not.toContain("demo: started");
    expect(exitCode).toBe(1);
  });
});

describe("the work folder", () => {
  test.skipIf(process.getuid?.() === 0)("is reported when it cannot be written", async ({ folder }) => {
    await mkdir(join(folder, "mine"));
    await chmod(join(folder, "mine"), 0o555);
    expect(await checkWork({ work: join(folder, "mine/.kovn") } as never)).toMatchObject({
      status: "missing",
      found: `${folder}/mine cannot be written`,
    });
  });

  test.skipIf(!canMount)("is reported on a file system that runs no programs (needs root)", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: {} });
    await mkdir(join(project, ".kovn"));
    const script = `mount -t tmpfs -o noexec none .kovn && exec "$@"`;
    const args = ["unshare", "--mount", "sh", "-c", script, "sh", process.execPath, cli, "doctor", "--target", "linux"];
    const { exitCode, stdout } = await run(project, args);
    expect(stdout).toContain(`missing  work folder: ${project}/.kovn is on a file system that runs no programs (noexec)`);
    expect(exitCode).toBe(1);
  });
});
