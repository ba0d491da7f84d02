import { randomBytes } from "node:crypto";
import { appendFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { BuildError } from "../../../src/errors.ts";
import { listAssets } from "../../../src/set/assets.ts";
import { sha256 } from "../../../src/sys/files.ts";
import { editManifest, makeDist } from "../../helpers/dist.ts";
import { test } from "../../helpers/folder.ts";
import { expectPublished, makeSmallSet, publishHere, readSet } from "../../helpers/github-publish.ts";
import { startGitHub, type FakeAsset, type FakeGitHub } from "../../helpers/github.ts";

describe("a release on GitHub", () => {
  test("is a draft until all assets are there, then public, with correct digests", async ({ folder }) => {
    await using server = await startGitHub({ pageSize: 2 });
    const set = await makeSmallSet(folder);
    const { added, url, tasks } = await publishHere(server, set);
    await expectPublished(server, set);
    expect(added).toEqual((await listAssets(set)).map(({ name }) => name));
    expect(url).toBe(`${server.url}/o/r/releases/tag/v1.0.0`);
    expect(tasks).toEqual(added.map((name) => `upload ${name}`));
    expect(server.state.releases[0]).toMatchObject({ name: "Demo 1.0.0", prerelease: false });
    expect(server.state.releases[0]?.body).toContain("Notes.");
  });

  test("has all bytes of a file that is longer than one read", async ({ folder }) => {
    await using server = await startGitHub();
    const dist = await makeDist(folder);
    const bytes = randomBytes(3_000_017);
    await writeFile(join(dist, "random.bin"), bytes);
    const file = { file: "random.bin", size: bytes.length, sha256: sha256(bytes), job: "demo" };
    await editManifest(dist, ({ artifacts, ...manifest }) => ({ ...manifest, artifacts: [...artifacts, file] }));
    const set = await readSet(dist);
    await publishHere(server, set);
    await expectPublished(server, set);
  });

  test("that is published already is checked and not changed", async ({ folder }) => {
    await using server = await startGitHub();
    const set = await makeSmallSet(folder);
    await publishHere(server, set);
    const before = server.state.seen.length;
    const { added, removed } = await publishHere(server, set);
    expect([added, removed]).toEqual([[], []]);
    expect(server.state.seen.slice(before).filter(({ method }) => method !== "GET")).toEqual([]);
    await expectPublished(server, set);
  });

  test("continues a draft of ours: whole assets stay, partial and other ones are deleted", async ({ folder }) => {
    await using server = await startGitHub();
    const set = await makeSmallSet(folder);
    const [first, second, third] = await listAssets(set);
    const asset = (id: number, name: string, changes: Partial<FakeAsset>): FakeAsset => ({
      ...{ id, name, size: 5, digest: `sha256:${"0".repeat(64)}`, state: "uploaded", content: "other" },
      ...changes,
    });
    const assets = [
      asset(1, first?.name ?? "", { size: first?.size ?? 0, digest: `sha256:${first?.sha256}` }),
      asset(2, second?.name ?? "", { state: "starter", size: 0 }),
      asset(3, third?.name ?? "", {}),
      asset(4, "sbom-of-another-set.cdx.json", {}),
    ];
    server.state.releases.push(draftOf("<!-- made by kovn-build -->", assets));
    const { added, replaced, removed } = await publishHere(server, set);
    expect(replaced).toEqual([second?.name, third?.name]);
    expect(removed).toEqual(["sbom-of-another-set.cdx.json"]);
    expect(added).not.toContain(first?.name);
    expect(added).toHaveLength(5);
    await expectPublished(server, set);
  });

  test("is published once when a lost response left two drafts", async ({ folder }) => {
    await using server = await startGitHub();
    const set = await makeSmallSet(folder);
    server.state.releases.push(draftOf("<!-- made by kovn-build -->", []), {
      ...draftOf("<!-- made by kovn-build -->", []),
      id: 8,
    });
    await publishHere(server, set);
    expect(server.state.releases.map(({ id }) => id)).toEqual([7]);
    await expectPublished(server, set);
  });
});

function draftOf(body: string, assets: FakeAsset[]) {
  return { id: 7, tag: "v1.0.0", name: "", body, draft: true, prerelease: false, assets };
}

/** Expects that a publish is refused with that message and hint, and that nothing was changed. */
async function expectRefused(server: FakeGitHub, publish: Promise<unknown>, message: string, hint: string): Promise<void> {
  const before = structuredClone(server.state.releases);
  const error: unknown = await publish.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(BuildError);
  expect((error as BuildError).message).toContain(message);
  expect((error as BuildError).hint).toContain(hint);
  expect(server.state.releases).toEqual(before);
  expect(server.state.problems).toEqual([]);
}

describe("a publish to GitHub is refused, and nothing changes there", () => {
  test("without a token, before any request", async ({ folder }) => {
    await using server = await startGitHub();
    const publish = publishHere(server, await makeSmallSet(folder), { token: "" });
    await expectRefused(server, publish, "GITHUB_TOKEN is not set", "a pull request from a fork has no secrets");
    expect(server.state.seen).toEqual([]);
  });

  test("with a wrong token, and with one without the permission, which is named", async ({ folder }) => {
    await using server = await startGitHub({ faultOf: ({ kind }) => (kind === "create" ? { fault: "forbidden" } : undefined) });
    const set = await makeSmallSet(folder);
    await expectRefused(server, publishHere(server, set, { token: "ghs_wrong" }), "rejects the token", "GITHUB_TOKEN");
    await expectRefused(server, publishHere(server, set), "lacks the permission `contents: write`", "contents: write");
  });

  test("for a repository that does not exist", async ({ folder }) => {
    await using server = await startGitHub();
    const publish = publishHere(server, await makeSmallSet(folder), { repository: "o/other" });
    await expectRefused(
      server,
      publish,
      "GitHub has no repository o/other, or the token has no access to it.",
      "github=OWNER/REPO",
    );
  });

  test("for a tag that is another commit on GitHub, or is missing there", async ({ folder }) => {
    await using server = await startGitHub();
    const set = await makeSmallSet(folder);
    const other = publishHere(server, set, { commit: "d".repeat(40) });
    await expectRefused(server, other, `Tag v1.0.0 is commit ${"c".repeat(40)} in o/r, but ${"d".repeat(40)} here.`, "cut");
    server.state.tags = {};
    await expectRefused(server, publishHere(server, set), "Tag v1.0.0 is not in o/r.", "git push origin v1.0.0");
  });

  test("for a published release that differs, with all differences", async ({ folder }) => {
    await using server = await startGitHub();
    await publishHere(server, await makeSmallSet(join(folder, "one")));
    const other = await makeSmallSet(join(folder, "two"), ["ovs.msi", "more.zip"]);
    const [release] = server.state.releases;
    const msi = release?.assets.find(({ name }) => name === "ovs.msi");
    if (msi !== undefined) msi.digest = `sha256:${"0".repeat(64)}`;
    await expectRefused(
      server,
      publishHere(server, other),
      "is published already, and differs from this release:",
      "release next",
    );
    const message = await publishHere(server, other).catch(String);
    expect(message).toContain(`ovs.msi is sha256:${"0".repeat(64)}, not sha256:`);
    expect(message).toContain("more.zip is missing.");
    expect(message).toContain("ovs.zip should not be there.");
  });

  test("for a draft that somebody else made", async ({ folder }) => {
    await using server = await startGitHub();
    server.state.releases.push(draftOf("by hand", []));
    const publish = publishHere(server, await makeSmallSet(folder));
    await expectRefused(server, publish, "v1.0.0 has a draft that kovn-build did not make", "by hand");
  });

  test("for a name that GitHub would change, or that two assets have", async ({ folder }) => {
    await using server = await startGitHub();
    const changed = publishHere(server, await makeSmallSet(join(folder, "one"), ["ovs~rc1.msi"]));
    await expectRefused(server, changed, "GitHub would rename ovs~rc1.msi", "dir=DIR");
    const set = await makeSmallSet(join(folder, "two"));
    const twice = { ...set, files: set.files.map((file) => ({ ...file, name: "SHA256SUMS" })) };
    await expectRefused(server, publishHere(server, twice), "Two assets would have the name SHA256SUMS", "rename");
    expect(server.state.seen).toEqual([]);
  });
});

describe("a publish to GitHub fails, and leaves a draft to continue", () => {
  test("when a file changes during the upload", async ({ folder }) => {
    const set = await makeSmallSet(folder);
    const file = set.files.find(({ name }) => name === "ovs.msi")?.path ?? "";
    await using server = await startGitHub({
      before: ({ kind }) => {
        if (kind === "create") void appendFile(file, "more");
      },
    });
    await expect(publishHere(server, set)).rejects.toThrow("ovs.msi changed during the upload");
    expect(server.state.published).toEqual([]);
    await writeFile(file, "ovs.msi 1\n");
    await publishHere(server, set);
    await expectPublished(server, set);
    await rm(file);
  });

  test("when a rate limit lasts too long, and says until when", async ({ folder }) => {
    await using server = await startGitHub({
      faultOf: ({ kind }) => (kind === "upload" ? { fault: "primary", seconds: 3000 } : undefined),
    });
    const set = await makeSmallSet(folder);
    await expect(publishHere(server, set)).rejects.toThrow(/^GitHub's rate limit is used up until \d\d:\d\d UTC \(upload /);
    server.state.options = {};
    await publishHere(server, set);
    await expectPublished(server, set);
  });
});
