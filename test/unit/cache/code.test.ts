import { appendFile, cp } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { run } from "../../helpers/cli.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const script = 'import { jobCode } from "../run/build/cache/code.js"; process.stdout.write(await jobCode());';

test("the digest of what makes results changes with a step, a door that it uses and the patching, and with nothing else", async ({
  folder,
}) => {
  await cp("build", join(folder, "build"), { recursive: true });
  await writeFiles(folder, { "package.json": '{ "type": "module" }' });
  const digest = async () => (await run(folder, [process.execPath, "--input-type=module", "-e", script])).stdout;
  const seen = [await digest()];
  for (const file of ["steps/deb.js", "sys/zip.js", "patches/apply.js", "run/job.js"]) {
    await appendFile(join(folder, "build", file), "\n// changed\n");
    seen.push(await digest());
  }
  expect(new Set(seen).size).toBe(5);
  for (const one of seen) expect(one).toMatch(/^[0-9a-f]{64}$/);
  await appendFile(join(folder, "build/publish/apt.js"), "\n// changed\n");
  expect(await digest()).toBe(seen.at(-1));
});
