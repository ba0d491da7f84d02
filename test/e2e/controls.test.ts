import { describe, expect } from "vitest";
import { showControls } from "../../src/sys/show-controls.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { makeJobs } from "../helpers/jobs.ts";

const evil = "\u001B]0;owned\u0007\u202E\u2028\n::error::x";
const shown = String.raw`\x1b]0;owned\x07\u202e\u2028`;

describe("control characters of others are shown, and never sent", () => {
  test("in an error", async ({ folder }) => {
    const { stderr } = await kovnBuild(folder, ["plan", "--target", evil]);
    expect(stderr).toContain(shown);
    expect(showControls(stderr)).toBe(stderr);
  });

  test("in an error and an annotation in GitHub Actions, where nothing of it is a command", async ({ folder }) => {
    const { stderr } = await kovnBuild(folder, ["plan", "--target", evil], { GITHUB_ACTIONS: "true" });
    expect(stderr).toContain(`${shown}%0A::error::x`);
    expect(stderr).toContain(": :error::x");
    expect(showControls(stderr)).toBe(stderr);
    expect(stderr).not.toMatch(/^::error::x/m);
  });

  test("in the output of a failed job", async ({ folder }) => {
    const project = await makeJobs(folder, { demo: { script: String.raw`printf '\033]0;owned\007\n'; exit 1` } });
    const { stderr } = await kovnBuild(project, ["--target", "linux", "--verbose"]);
    expect(stderr).toContain(String.raw`\x1b]0;owned\x07`);
    expect(showControls(stderr)).toBe(stderr);
  });
});
