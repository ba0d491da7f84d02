import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test as plain } from "vitest";

/** vitest's `test` with `folder`: a new, empty folder that is removed after the test. */
export const test = plain.extend<{ folder: string }>({
  folder: async ({ task: _ }, use) => {
    const folder = await realpath(await mkdtemp(join(tmpdir(), "kovn-test-")));
    await use(folder);
    await rm(folder, { recursive: true, force: true });
  },
});
