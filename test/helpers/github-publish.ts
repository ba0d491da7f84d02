import { join } from "node:path";
import { expect } from "vitest";
import { github } from "../../src/publish/github.ts";
import type { Outcome } from "../../src/publish/publisher.ts";
import { listAssets } from "../../src/set/assets.ts";
import { readDist } from "../../src/dist/read.ts";
import { makeSbom } from "../../src/set/sbom.ts";
import { makeSet, type ReleaseSet } from "../../src/set/set.ts";
import { makeDist } from "./dist.ts";
import { host } from "./host.ts";
import type { FakeGitHub } from "./github.ts";
import { commitAll, inGit, makeProject } from "./project.ts";
import { quietTask, type Task } from "../../src/sys/task.ts";

/** The commit of tag v1.0.0 on a server that is not given another one. */
const commit = "c".repeat(40);

/** A set of two packages and some files. */
export async function makeSmallSet(folder: string, others: readonly string[] = ["ovs.msi", "ovs.zip"]): Promise<ReleaseSet> {
  return readSet(await makeDist(folder, { others }));
}

/** The set that a build makes. */
export async function readSet(dist: string): Promise<ReleaseSet> {
  const set = makeSet([await readDist(dist, host)], []);
  return { ...set, sbom: await makeSbom(set) };
}

/**
 * Publishes as `kovn-build publish --to github` does, in this process. Returns the outcome, the
 * titles of its tasks, and its notices.
 */
export async function publishHere(
  server: FakeGitHub,
  set: ReleaseSet,
  changes: { readonly token?: string; readonly commit?: string; readonly repository?: string } = {},
): Promise<Outcome & { readonly tasks: readonly string[]; readonly notices: readonly string[] }> {
  const [tasks, notices]: [string[], string[]] = [[], []];
  const task: Task = {
    ...quietTask,
    run: async (title, work) => work((tasks.push(title), task)),
    notice: (message) => void notices.push(message),
  };
  const options = {
    host: { ...host, task },
    signer: undefined,
    keep: undefined,
    github: { api: server.url, token: changes.token ?? server.token, repository: changes.repository ?? "o/r" },
    release: { tag: "v1.0.0", name: "Demo 1.0.0", prerelease: false, notes: "Notes.\n", commit: changes.commit ?? commit },
  };
  await github.check(set, "", options);
  return { ...(await github.publish(set, "", options)), tasks, notices };
}

/**
 * Expects that the set is published, whole, once, and was not public before; and that nobody broke
 * the API's rules.
 */
export async function expectPublished(server: FakeGitHub, set: ReleaseSet, note = ""): Promise<void> {
  const expected = (await listAssets(set)).map(({ name, sha256 }) => `${name} uploaded sha256:${sha256}`).toSorted();
  const { releases, published, problems } = server.state;
  const shown = releases.map(({ tag, draft, assets }) => ({
    tag,
    draft,
    assets: assets.map(({ name, state, digest }) => `${name} ${state} ${digest}`).toSorted(),
  }));
  expect(problems, note).toEqual([]);
  expect(shown, note).toEqual([{ tag: "v1.0.0", draft: false, assets: expected }]);
  expect(
    published.map(({ tag, assets }) => ({ tag, assets: assets.toSorted() })),
    note,
  ).toEqual([{ tag: "v1.0.0", assets: expected }]);
}

/**
 * The fixture project as a git repository with tag v1.0.0, and a build in its `dist`. Returns
 * both folders and the commit of the tag.
 */
export async function makeTagged(folder: string, others: readonly string[] = ["ovs.msi"]) {
  const project = await makeProject(folder, { ".gitignore": ".kovn/\ndist/\n" });
  await inGit(project, "init", "--quiet", "--initial-branch=main");
  const head = await commitAll(project, "First");
  await inGit(project, "tag", "v1.0.0");
  const dist = await makeDist(join(project, "dist"), { others });
  return { project, dist, commit: head };
}
