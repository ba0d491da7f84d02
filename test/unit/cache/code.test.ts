import { appendFile, cp } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { run } from "../../helpers/cli.ts";
import { test } from "../../helpers/folder.ts";
import { writeFiles } from "../../helpers/project.ts";

const script = 'import { codeDigest } from "./build/cache/code.js"; process.stdout.write(await codeDigest());';

test("the digest of our code changes with any compiled file, and with nothing else", async ({ folder }) => {
  await cp("build", join(folder, "build"), { recursive: true });
  await writeFiles(folder, { "package.json": '{ "type": "module" }' });
  const digest = async () => (await run(folder, [process.execPath, "--input-type=module", "-e", script])).stdout;
  const seen = [await digest()];
  expect(seen[0]).toMatch(/^[0-9a-f]{64}$/);
  await writeFiles(folder, { "build/index.d.ts": "export {};\n", "other/new.js": "" });
  expect(await digest()).toBe(seen[0]);
  for (const file of ["steps/deb.js", "sys/zip.js", "publish/apt.js", "new.js"]) {
    await appendFile(join(folder, "build", file), "\n// changed\n");
    seen.push(await digest());
  }
  expect(new Set(seen).size).toBe(5);
});
