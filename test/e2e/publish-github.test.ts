import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { killAndGoOn, startPublish } from "../helpers/github-kill.ts";
import { expectPublished, makeTagged, readSet } from "../helpers/github-publish.ts";
import { startGitHub } from "../helpers/github.ts";
import { inGit } from "../helpers/project.ts";

/** Milliseconds: a test here runs the program several times, and the machine may be busy. */
const timeout = 120_000;

describe("publish --to github", { timeout }, () => {
  test("publishes the tag at HEAD with its notes, once, and shows the address", async ({ folder }) => {
    const { project, dist, commit } = await makeTagged(folder);
    await using server = await startGitHub({ tags: { "v1.0.0": commit } });
    const result = await kovnBuild(project, ["publish", "--to", "github"], server.env);
    expect(result).toMatchObject({ exitCode: 0 });
    expect(result.stdout).toContain(`see       ${server.url}/o/r/releases/tag/v1.0.0`);
    expect(result.stdout).toMatch(/^  added     SHA256SUMS$/m);
    await expectPublished(server, await readSet(dist));
    const [release] = server.state.releases;
    expect(release).toMatchObject({ name: "Kube-OVN 1.0.0: demo 1.2.3", prerelease: false });
    expect(release?.body).toContain("## demo 1.2.3");
    expect(release?.body).toContain("  ovs.msi");
    const again = await kovnBuild(project, ["publish", "--to", "github=o/r", "--tag", "v1.0.0"], server.env);
    expect(again).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("uploaded") as unknown });
    expect(again.stdout).toContain("github=o/r: nothing to do, everything is already published");
    await expectPublished(server, await readSet(dist));
  });

  test("killed during an upload, or after publishing, is completed by the next run", async ({ folder }) => {
    const { project, dist, commit } = await makeTagged(folder);
    const set = await readSet(dist);
    // The requests of a publish: two to check, two to find or create the draft, one list, then the
    // uploads.
    expect(await killAndGoOn(project, set, commit, { number: 8, moment: "during" })).toBe("draft");
    expect(await killAndGoOn(project, set, commit, { number: 15, moment: "after" })).toBe("public");
  });

  test("stops at once on Ctrl-C, also while it waits for a rate limit", async ({ folder }) => {
    const { project, commit } = await makeTagged(folder);
    let stopped = false;
    await using server = await startGitHub({
      tags: { "v1.0.0": commit },
      faultOf: ({ kind }) => (kind === "upload" ? { fault: "secondary", seconds: 600 } : undefined),
      after: ({ kind }) => {
        // Once: a second signal would kill node while it ends.
        if (kind !== "upload" || stopped) return;
        stopped = true;
        child.kill("SIGINT");
      },
    });
    const child = startPublish(project, server.env);
    const started = Date.now();
    expect(await child).toMatchObject({ exitCode: 130 });
    expect(Date.now() - started).toBeLessThan(25_000);
    expect(server.state.published).toEqual([]);
  });

  test("needs a token, a repository, and a tag of the line", async ({ folder }) => {
    const { project, commit } = await makeTagged(folder);
    await using server = await startGitHub({ tags: { "v1.0.0": commit } });
    const { GITHUB_TOKEN: _, ...bare } = server.env;
    const refused = async (args: readonly string[], env: Readonly<Record<string, string>>, message: string) => {
      const result = await kovnBuild(project, ["publish", ...args], env);
      expect(result).toMatchObject({ exitCode: 2, stdout: "" });
      expect(result.stderr).toContain(message);
    };
    await refused(["--to", "github"], bare, "GITHUB_TOKEN is not set: publishing to GitHub needs a token.");
    await refused(["--to", "github"], { ...server.env, GITHUB_REPOSITORY: "" }, "No GitHub repository given.");
    await refused(["--to", "github=o/r/x"], server.env, "Repository `o/r/x` is not of the form OWNER/REPO.");
    await refused(
      ["--to", "github"],
      { ...server.env, GITHUB_API_URL: "api.github.com" },
      "GITHUB_API_URL `api.github.com` is not a plain URL.",
    );
    await refused(["--to", "github", "--tag", "v1.0.1"], server.env, "Tag `v1.0.1` is unknown.");
    await refused(["--to", "dir=out", "--tag", "v1.0.0"], server.env, "--tag is for a release on GitHub");
    await inGit(project, "tag", "--delete", "v1.0.0");
    await refused(["--to", "github"], server.env, "HEAD has no tag for a version of line 1.0.");
    expect(server.state.seen).toEqual([]);
  });

  test("never shows the token in output, folders, logs or assets, even when it fails", async ({ folder }) => {
    const { project, dist, commit } = await makeTagged(folder);
    const token = "ghs_thisIsTheTokenThatNobodySees";
    const outputs: string[] = [];
    await using server = await startGitHub({ token, tags: { "v1.0.0": commit } });
    const env = { ...server.env, GITHUB_TOKEN: token };
    const publish = async (changes: Readonly<Record<string, string>> = {}, args: readonly string[] = []) => {
      const result = await kovnBuild(project, ["publish", "--to", "github", ...args], { ...env, ...changes });
      outputs.push(result.stdout, result.stderr);
      return result.exitCode;
    };
    expect(await publish({ GITHUB_TOKEN: `${token}-wrong` })).toBe(1);
    expect(await publish({ GITHUB_API_URL: `http://o:${token}@127.0.0.1` })).toBe(2);
    expect(await publish({ GITHUB_REPOSITORY: `o/${token}` })).toBe(1);
    expect(await publish({}, ["--tag", token])).toBe(2);
    let left = 2;
    server.state.options = { faultOf: ({ kind }) => (kind === "upload" && left-- > 0 ? { fault: "half" } : undefined) };
    expect(await publish({}, ["--to", "dir=out", "--json"])).toBe(0);
    await expectPublished(server, await readSet(dist));
    for (const text of [...outputs, JSON.stringify(server.state.releases), JSON.stringify(await contentOf(project))])
      expect(text).not.toContain(token);
    expect(outputs.join("")).toContain("***");
  });
});

test("an artifact with the name of a generated asset is refused before anything is written", async ({ folder }) => {
  const dist = await makeDist(join(folder, "dist"), { others: ["artifacts-linux-debian-12-amd64-default.json"] });
  const result = await kovnBuild(folder, ["publish", dist, "--to", "dir=out"]);
  expect(result).toMatchObject({ exitCode: 2 });
  expect(result.stderr).toContain("Two assets would have the name artifacts-linux-debian-12-amd64-default.json.");
  await rm(join(folder, ".kovn"), { recursive: true, force: true });
  expect(await readdir(folder)).toEqual(["dist"]);
  expect(await readFile(join(dist, "SHA256SUMS"), "utf8")).toContain("artifacts-linux");
});
