import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { openCache } from "../../../src/cache/cache.ts";
import type { BuiltJob } from "../../../src/dist/manifest.ts";
import { stagingOf, type StagingRole } from "../../../src/sys/staging.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const key = "a".repeat(64);
const built: BuiltJob = {
  id: "demo",
  key: "k",
  source: "demo",
  version: "1.2.3",
  revision: 1,
  base: { kind: "git", url: "https://example.com/demo.git", commit: "5".repeat(40) },
  baseCommit: "5".repeat(40),
  alternate: false,
  locked: true,
  patchedCommit: "6".repeat(40),
  patchedTree: "7".repeat(40),
  series: [],
  tools: {},
  duration: 1,
};

describe("what a killed process left behind", () => {
  test("does not stop a result from being stored", async ({ folder }) => {
    const left = (role: StagingRole) => `${stagingOf(`cache/jobs/${key}`, role)}/files/x`;
    await writeFiles(folder, { [left("next")]: "half", [left("old")]: "half", "job/lib/made": "made\n" });
    const notices: string[] = [];
    const task = { ...host.task, notice: (message: string) => void notices.push(message) };
    const cache = await openCache(join(folder, "cache"), { host: { ...host, task } });
    const store = () => cache?.store({ key, parts: {}, built, artifacts: [] }, join(folder, "job"), ["lib"]);
    await store();
    await store();
    expect(readdirSync(join(folder, "cache/jobs"))).toEqual([key]);
    expect((await cache?.restore(key, join(folder, "taken"), true))?.built).toEqual(built);
    expect(existsSync(join(folder, "taken/lib/made"))).toBe(true);
    expect(notices).toEqual([]);
  });
});
