import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import {
  commitAll,
  demo,
  inGit,
  mail,
  makeProject,
  newFile,
  packaging,
  replaceLine,
  sourceYaml,
  writeFiles,
} from "../helpers/project.ts";
import { asPerson, builtFrom, identity, makeRepository, tag } from "../helpers/repository.ts";

describe("release next", () => {
  test("prints the next version of the line and nothing else", async ({ folder }) => {
    const project = await makeRepository(folder);
    expect(await kovnBuild(project, ["release", "next"])).toEqual({ exitCode: 0, stdout: "1.0.0", stderr: "" });
    await tag(project, "v1.0.0", "v1.0.1", "v1.0.2-rc.1", "v2.7.0", "vendor", "1.0.9");
    expect(await kovnBuild(project, ["release", "next"])).toEqual({ exitCode: 0, stdout: "1.0.2", stderr: "" });
    expect((await kovnBuild(project, ["release", "next", "--preid", "rc"])).stdout).toBe("1.0.2-rc.2");
  });

  test("--json says more", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    const result = await kovnBuild(project, ["release", "next", "--preid", "rc", "--json"]);
    const expected = { schema: 1, line: "1.0", version: "1.0.1-rc.1", tag: "v1.0.1-rc.1", prerelease: true, previous: "1.0.0" };
    expect(JSON.parse(result.stdout)).toEqual(expected);
  });

  test("exits with 2 for an unknown line, a wrong prerelease name and a folder that is not a repository", async ({ folder }) => {
    const project = await makeProject(folder);
    expect(await kovnBuild(project, ["release", "next"])).toMatchObject({ exitCode: 2 });
    await inGit(project, "init", "--quiet");
    expect(await kovnBuild(project, ["release", "next", "--line", "1.1"])).toMatchObject({ exitCode: 2 });
    expect(await kovnBuild(project, ["release", "next", "--preid", "1"])).toMatchObject({ exitCode: 2 });
  });
});

/**
 * A second state of the fixture's series: one patch changed, one dropped, one added, one merged
 * upstream, the pin two commits later, one more entry dropped; and the line has a release.
 */
async function changeSeries(folder: string, project: string): Promise<void> {
  const upstream = join(folder, "upstream");
  await writeFiles(upstream, { "lib/code.c": "int main;\nint more;\n" });
  await commitAll(upstream, "code: Have more");
  await writeFiles(upstream, { "lib/code.c": "int main;\nint most;\n" });
  const commit = await commitAll(upstream, "code: Have `most`");
  const merged = `merged: [{ seed: bbbbbbbbbb, commit: ${commit}, since: 1.2.4, effect: { file: lib/code.c, text: most } }]\n`;
  const dropped = "dropped: [{ seed: cccccccccc, since: 1.0.1, why: nobody needs `c` }]\n";
  await writeFiles(project, {
    "patches/lines.yaml": `default: "1.0"\nlines: [{ line: "1.0", standsFor: Kube-OVN 1.0, supportedUntil: 2026-02 }]\n`,
    "patches/seed.yaml": ["a", "b", "c"]
      .map(
        (letter, index) =>
          `- { entry: ${index + 1}, source: demo, repository: kubeovn/demo, commit: ${letter.repeat(40)}, title: Title ${letter} }\n`,
      )
      .join(""),
    [`${demo}/source.yaml`]: sourceYaml(upstream, `${merged}${dropped}`)
      .replace(/commit: \w{40}/, `commit: ${commit}`)
      .replace("revision: 1", "revision: 2"),
    [`${demo}/series`]: "greet-world.patch\nnew-file.patch\n",
    [`${demo}/greet-world.patch`]: mail("Greet the world", replaceLine("greeting.txt", "hello", "hello wide world"), {
      Fields: "Origin: vendor\nForwarded: no\nSeed: aaaaaaaaaa\nLast-Update: 2026-11-23",
    }),
    [`${demo}/greet-all.patch`]: undefined,
    [`${demo}/new-file.patch`]: mail("Say more", newFile("more.txt", "more")),
  });
}

describe("release notes", () => {
  test("list the base, upstream's commits, and added, dropped, changed and merged patches with their diffs", async ({
    folder,
  }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    await changeSeries(folder, project);
    await makeDist(join(project, "dist"), { job: { locked: false, ...(await builtFrom(project)) } });
    const { exitCode, stdout } = await kovnBuild(project, ["release", "notes"]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^## demo 1\.2\.3\n\nBase: `[0-9a-f]{12}` of .+ \(main\), revision 2; v1\.0\.0 had `6ed1afa7a74a`, revision 1\.$/m,
    );
    expect(stdout).toMatch(
      /### Upstream commits since v1\.0\.0\n\n2 commits:\n\n- `[0-9a-f]{12}` code: Have \\`most\\`\n- `[0-9a-f]{12}` code: Have more\n/,
    );
    expect(stdout).toContain("### Patches added\n\n- `new-file.patch`: Say more\n");
    expect(stdout).toContain("### Patches dropped\n\n- `greet-all.patch`: Greet all\n");
    expect(stdout).toContain("### Patches changed\n\n- `greet-world.patch`: Greet the world (seed aaaaaaaaaa)\n\n```diff\n");
    expect(stdout).toContain("-+hello world\n++hello wide world");
    expect(stdout).toContain("### Merged upstream\n\n- entry 2 (bbbbbbbbbb), since 1.2.4: Title b");
    expect(stdout).toContain(
      "### Entries of the seed that are not carried\n\n- entry 3 (cccccccccc), since 1.0.1: Title c: nobody needs \\`c\\`\n",
    );
    expect(stdout).toMatch(/^Line 1\.0 is for Kube-OVN 1\.0, which is supported until 2026-02\.\n\n## demo /);
    expect(stdout).toContain("0 patches are unchanged.");
    expect(stdout).toMatch(/## Checksums \(sha256\)\n\n```\n[0-9a-f]{64}  demo-data_1\.2\.3-1\+kovn1\.00000001_all\.deb\n/);
  });

  test("say on stderr whether the version is cut", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    const notice = "v1.0.1 is not cut yet: this is about the files as they are here.";
    expect((await kovnBuild(project, ["release", "notes", "1.0.1"])).stderr).toContain(notice);
    expect((await kovnBuild(project, ["release", "plan", "1.0.1"])).stderr).toContain(notice);
    expect((await kovnBuild(project, ["release", "notes", "1.0.0"])).stderr).not.toContain("not cut");
  });

  test("say that nothing changed", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    await writeFile(join(project, "readme.txt"), "");
    await commitAll(project, "Second");
    const { stdout } = await kovnBuild(project, ["release", "notes"]);
    expect(stdout).toContain("revision 1; unchanged since v1.0.0.");
    expect(stdout).toContain("2 patches are unchanged.");
    expect(stdout).not.toContain("###");
  });

  test("do not list a patch whose file has a new name and date but the same change", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    const text = await readFile(join(project, demo, "greet-all.patch"), "utf8");
    await writeFiles(project, {
      [`${demo}/greet-all.patch`]: undefined,
      [`${demo}/greet-everybody.patch`]: text.replace("Sun, 22 Nov", "Mon, 23 Nov"),
      [`${demo}/series`]: "greet-world.patch\ngreet-everybody.patch\n",
    });
    expect((await kovnBuild(project, ["release", "notes"])).stdout).toContain("2 patches are unchanged.");
  });

  test("compare patches by their files when upstream cannot be reached", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    await changeSeries(folder, project);
    const gone = ["--from", `demo=${join(folder, "gone")}`];
    const { exitCode, stdout } = await kovnBuild(project, ["release", "notes", ...gone]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Upstream's history was unavailable: see `git log ");
    for (const line of [
      "- `new-file.patch`: Say more",
      "- `greet-all.patch`: Greet all",
      "- `greet-world.patch`: Greet the world (seed aaaaaaaaaa)\n",
    ])
      expect(stdout).toContain(line);
  });

  test("list packaging patches too, whether or not the upstream can be reached", async ({ folder }) => {
    const project = await makeRepository(folder, packaging);
    await tag(project, "v1.0.0");
    const again = mail("Greet packages", replaceLine("greeting.txt", "hello all worlds", "hello again"));
    await writeFiles(project, { [`${demo}/packaging/greet-packages.patch`]: again });
    for (const url of ["upstream", "gone"]) {
      const { stdout } = await kovnBuild(project, ["release", "notes", "--from", `demo=${join(folder, url)}`]);
      expect(stdout).toContain("### Patches changed\n\n- `packaging/greet-packages.patch`: Greet packages\n");
      expect(stdout).toContain("2 patches are unchanged.");
    }
  });

  test("begin after the given release, and refuse one that does not exist", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    await changeSeries(folder, project);
    await commitAll(project, "Second");
    await tag(project, "v1.0.1");
    await writeFiles(project, { [`${demo}/new-file.patch`]: mail("Say less", newFile("more.txt", "less")) });
    expect((await kovnBuild(project, ["release", "notes"])).stdout).not.toContain("### Patches dropped");
    expect((await kovnBuild(project, ["release", "notes", "--since", "v1.0.0"])).stdout).toContain("### Patches dropped");
    expect(await kovnBuild(project, ["release", "notes", "--since", "v1.0.7"])).toMatchObject({ exitCode: 2 });
  });
});

describe("release plan", () => {
  test("is data: tag, name, assets with sizes and digests, notes, destinations; it changes none of them", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    const dist = await makeDist(join(project, "dist"), { others: ["ovs.msi"] });
    const args = ["release", "plan", "1.0.1-rc.1", "--to", "apt=/nowhere", "--to", "dir=out", "--to", "tar=b.tar", "--json"];
    const { exitCode, stdout } = await kovnBuild(project, args);
    expect(exitCode).toBe(0);
    const plan = JSON.parse(stdout) as {
      assets: { name: string; size: number; sha256: string }[];
      destinations: { files: { to: string }[] }[];
    };
    expect(plan).toMatchObject({
      tag: "v1.0.1-rc.1",
      prerelease: true,
      since: "v1.0.0",
      name: "Kube-OVN 1.0.1-rc.1: demo 1.2.3",
    });
    const manifest = JSON.parse(await readFile(join(dist, "artifacts.json"), "utf8")) as {
      artifacts: { file: string; size: number; sha256: string }[];
    };
    for (const { file, size, sha256 } of manifest.artifacts) expect(plan.assets).toContainEqual({ name: file, size, sha256 });
    expect(plan.assets.at(-1)?.name).toBe("SHA256SUMS");
    expect(plan.destinations[0]?.files.map((file) => file.to)).toEqual([
      "pool/bookworm/1.0/demo-data_1.2.3-1+kovn1.00000001_all.deb",
      "pool/bookworm/1.0/demo_1.2.3-1+kovn1.00000001_amd64.deb",
      expect.stringMatching(/^sbom\/1\.0\/sbom-1\.0-[0-9a-f]{12}\.cdx\.json$/),
    ]);
    expect(Object.keys(await contentOf(project))).not.toContain("out");
  });

  test("needs neither artifacts nor upstream, and takes the next version when none is given", async ({ folder }) => {
    const project = await makeRepository(folder);
    const { exitCode, stdout } = await kovnBuild(project, [
      "release",
      "plan",
      "--json",
      "--from",
      `demo=${join(folder, "gone")}`,
    ]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: "1.0.0", prerelease: false, assets: [], destinations: [] });
  });

  test("exits with 2 for a version of another line and for artifacts of another line", async ({ folder }) => {
    const project = await makeRepository(folder);
    for (const version of ["2.0.0", "v1.0.0", "1.0", "1.0.0+build"])
      expect(await kovnBuild(project, ["release", "plan", version]), version).toMatchObject({ exitCode: 2 });
    await makeDist(join(project, "dist"), { line: "1.1" });
    expect(await kovnBuild(project, ["release", "plan"])).toMatchObject({ exitCode: 2 });
  });
});

describe("release cut", () => {
  test("moves the unreleased changes under the version, then commits and tags with the person's git", async ({ folder }) => {
    const project = await makeRepository(folder);
    const { exitCode, stdout } = await asPerson(project, "release", "cut", "1.0.0");
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `v1.0.0  ${await inGit(project, "rev-parse", "HEAD")}` });
    expect(await inGit(project, "log", "-1", "--format=%an %s")).toBe("Rel Ease Release 1.0.0");
    expect(await inGit(project, "cat-file", "-t", "v1.0.0")).toBe("tag");
    expect(await inGit(project, "status", "--porcelain")).toBe("");
    const today = new Date().toISOString().slice(0, 10);
    expect(await readFile(join(project, "CHANGELOG.md"), "utf8")).toBe("# Changelog of the tool\n");
    expect(await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8")).toBe(
      `# Changelog\n\n## Unreleased\n\n## 1.0.0 - ${today}\n\n- Something.\n\n### Patch series\n\n- demo: added \`greet-world.patch\`: Greet the world\n- demo: added \`greet-all.patch\`: Greet all\n`,
    );
  });

  test("--push pushes branch and tag together", async ({ folder }) => {
    const project = await makeRepository(folder);
    const remote = join(folder, "remote.git");
    await inGit(folder, "init", "--quiet", "--bare", remote);
    await inGit(project, "remote", "add", "origin", remote);
    expect(await asPerson(project, "release", "cut", "1.0.0", "--push")).toMatchObject({ exitCode: 0 });
    expect(await inGit(remote, "rev-parse", "main")).toBe(await inGit(project, "rev-parse", "HEAD"));
    expect(await inGit(remote, "rev-parse", "v1.0.0^{commit}")).toBe(await inGit(project, "rev-parse", "HEAD"));
  });

  test("when the push fails, says what to type; the remote has neither branch nor tag", async ({ folder }) => {
    const project = await makeRepository(folder);
    const remote = join(folder, "remote.git");
    await inGit(folder, "init", "--quiet", "--bare", remote);
    await writeFiles(remote, { "hooks/update": '#!/bin/sh\ntest "$1" != refs/tags/v1.0.0\n' });
    await inGit(project, "remote", "add", "origin", remote);
    const result = await asPerson(project, "release", "cut", "1.0.0", "--push");
    expect(result.exitCode).toBe(1);
    expect(result.stderr).toContain(`, or git -C ${project} push --atomic origin HEAD:refs/heads/main refs/tags/v1.0.0`);
    expect(await inGit(remote, "for-each-ref")).toBe("");
  });

  test("refuses a version that is not semantic, of an unknown line, or not higher, and changes nothing", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.1");
    const before = await contentOf(project);
    for (const version of ["1.0", "v1.0.2", "latest", "1.2.0", "1.0.1", "1.0.0", "1.0.1-rc.1"])
      expect(await asPerson(project, "release", "cut", version), version).toMatchObject({ exitCode: 2, stdout: "" });
    expect(await contentOf(project)).toEqual(before);
  });

  test("refuses uncommitted changes and a series that differs from its lock", async ({ folder }) => {
    const project = await makeRepository(folder);
    await writeFile(join(project, "stray.txt"), "");
    const unclean = await asPerson(project, "release", "cut", "1.0.0");
    expect(unclean).toMatchObject({ exitCode: 2 });
    expect(unclean.stderr).toContain("?? stray.txt");
    await writeFiles(project, {
      "stray.txt": undefined,
      [`${demo}/greet-all.patch`]: undefined,
      [`${demo}/series`]: "greet-world.patch\n",
    });
    await commitAll(project, "Drop one");
    const unlocked = await asPerson(project, "release", "cut", "1.0.0");
    expect(unlocked).toMatchObject({ exitCode: 2 });
    expect(unlocked.stderr).toContain("Patch `greet-all.patch` was dropped since the lock.");
    expect(unlocked.stderr).toContain("-> kovn-build patches lock --line 1.0, and commit it");
    expect(await inGit(project, "tag", "--list")).toBe("");
  });

  test("changes nothing when git cannot commit, or cannot sign the tag", async ({ folder }) => {
    const project = await makeRepository(folder);
    const before = await inGit(project, "rev-parse", "HEAD");
    await writeFiles(folder, { "home/.gitconfig": "[user]\n\tuseConfigOnly = true\n" });
    const nobody = await asPerson(project, "release", "cut", "1.0.0");
    expect(nobody).toMatchObject({ exitCode: 1 });
    await writeFiles(folder, { "home/.gitconfig": `${identity}[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n` });
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 1 });
    expect(await inGit(project, "rev-parse", "HEAD")).toBe(before);
    expect(await inGit(project, "status", "--porcelain")).toBe("");
    expect(await inGit(project, "tag", "--list")).toBe("");
  });

  test("that fails keeps what hooks and people changed meanwhile", async ({ folder }) => {
    const project = await makeRepository(folder);
    const before = await inGit(project, "rev-parse", "HEAD");
    const edit = "#!/bin/sh\necho mine >> CHANGELOG.md\necho staged > new.txt && git add new.txt\n";
    await writeFiles(project, { ".git/hooks/pre-commit": `${edit}exit 1\n` });
    const failed = await asPerson(project, "release", "cut", "1.0.0");
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stderr).toContain("These changes are not of v1.0.0, and stay:");
    expect(await inGit(project, "status", "--porcelain")).toBe(" M CHANGELOG.md\nA  new.txt");
    expect(await readFile(join(project, "CHANGELOG.md"), "utf8")).toContain("mine");
    expect(await inGit(project, "rev-parse", "HEAD")).toBe(before);
  });

  test("whose tag fails takes back its commit, and keeps what a hook added to it", async ({ folder }) => {
    const project = await makeRepository(folder);
    const before = await inGit(project, "rev-parse", "HEAD");
    const changelog = await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8");
    await writeFiles(project, { ".git/hooks/pre-commit": "#!/bin/sh\necho staged > new.txt && git add new.txt\n" });
    await writeFiles(folder, { "home/.gitconfig": `${identity}[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n` });
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 1 });
    expect(await inGit(project, "rev-parse", "HEAD")).toBe(before);
    expect(await inGit(project, "status", "--porcelain")).toBe("A  new.txt");
    expect(await readFile(join(project, "new.txt"), "utf8")).toBe("staged\n");
    expect(await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8")).toBe(changelog);
  });

  test("that fails keeps a changelog and a commit that a hook made of their own", async ({ folder }) => {
    const project = await makeRepository(folder);
    const before = await inGit(project, "rev-parse", "HEAD");
    const hook = `#!/bin/sh\nrm "$0"\necho more >> patches/1.0/CHANGELOG.md\ngit commit --quiet --allow-empty -m Mine\n`;
    await writeFiles(project, { ".git/hooks/post-commit": hook });
    await writeFiles(folder, { "home/.gitconfig": `${identity}[tag]\n\tgpgSign = true\n[gpg]\n\tprogram = false\n` });
    const failed = await asPerson(project, "release", "cut", "1.0.0");
    expect(failed).toMatchObject({ exitCode: 1 });
    expect(failed.stderr).toContain(`To take it back: git -C ${project} reset --soft ${before}`);
    expect(await inGit(project, "log", "-1", "--format=%s")).toBe("Mine");
    expect(await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8")).toContain("\nmore\n");
  });
});
