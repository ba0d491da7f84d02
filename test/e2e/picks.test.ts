import { readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import type { Manifest, Plan } from "../../src/index.ts";
import { makeApt } from "../helpers/apt.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { contentOf } from "../helpers/content.ts";
import { test } from "../helpers/folder.ts";
import { makeNext, picksYaml, rewrite, type Next } from "../helpers/picks.ts";
import { commitAll, demo, inGit, makeProject, pin, pipelineYaml, sourceYaml, writeFiles } from "../helpers/project.ts";
import { asPerson, identity, tag } from "../helpers/repository.ts";
import { applyTree, commitFile, commitsOf, fields } from "../helpers/tree.ts";

const build = ["--target", "linux"];
const yamlOf = (project: string) => join(project, demo, "source.yaml");
const short = (commit: string) => commit.slice(0, 12);
const manifestOf = async (project: string) =>
  JSON.parse(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")) as Manifest;

type Picks = (next: Next) => readonly (readonly [commit: string, without?: readonly string[]])[];

/** The two picks of most tests, one of them in part. */
const two: Picks = ({ ten, code }) => [[ten, ["tests/"]], [code]];

/** The fixture project with picks from upstream's branch `next`. */
async function prepare(folder: string, picks: Picks = two, more = "") {
  const pipeline = pipelineYaml("cp greeting.txt numbers.txt ../out/");
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
  const upstream = join(folder, "upstream");
  const next = await makeNext(upstream);
  await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml(upstream, picksYaml(...picks(next)) + more) });
  return { project, upstream, next };
}

describe("picks", () => {
  test("are listed, planned, locked, checked and built, and are in artifacts.json", async ({ folder }) => {
    const { project, next } = await prepare(folder);
    const listed = await kovnBuild(project, ["patches", "list"]);
    expect(listed.stdout).toContain(
      `demo 1.2.3, revision 1\n  picks\n    1  ${short(next.ten)}  fix 1 (without tests/)\n    2  ${short(next.code)}  fix 2\n  series\n`,
    );
    const json = JSON.parse((await kovnBuild(project, ["patches", "list", "--json"])).stdout) as { series: { picks: unknown }[] };
    const picks = [
      { commit: next.ten, why: "fix 1", without: ["tests/"] },
      { commit: next.code, why: "fix 2", without: [] },
    ];
    expect(json.series[0]?.picks).toEqual(picks);
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
    const lock = JSON.parse(await readFile(join(project, "patches/1.0/lock.json"), "utf8")) as {
      sources: { demo: { bases: Record<string, { commit: string; tree: string; picks: Record<string, unknown>[] }> } };
    };
    const locked = lock.sources.demo.bases[`git:${pin}`];
    const id = expect.stringMatching(/^[0-9a-f]{40}$/);
    expect(locked?.picks).toEqual([
      { commit: next.ten, without: ["tests/"], patchId: id, tree: id },
      { commit: next.code, without: [], patchId: id, tree: id },
    ]);
    const check = await kovnBuild(project, ["patches", "check"]);
    expect(check.stdout).toContain(
      `: commit ${locked?.commit}, as locked, with ${short(next.ten)} (fix 1), ${short(next.code)} (fix 2)`,
    );
    expect(check.exitCode).toBe(0);
    const plan = JSON.parse((await kovnBuild(project, ["plan", ...build, "--json"])).stdout) as Plan;
    expect(plan.jobs[0]?.base).toMatchObject({ kind: "git", commit: pin, picks });
    expect(plan.jobs[0]?.locked).toEqual({ commit: locked?.commit, tree: locked?.tree });
    const shown = await kovnBuild(project, ["plan", ...build]);
    expect(shown.stdout).toContain(`picks      ${short(next.ten)} (fix 1), ${short(next.code)} (fix 2)`);
    const built = await kovnBuild(project, build);
    expect(built, built.stderr).toMatchObject({ exitCode: 0 });
    expect(built.stderr).toMatch(/^base: demo: .* at 6ed1afa7a74a, with 2 picks$/m);
    expect((await readFile(join(project, "dist/linux/numbers.txt"), "utf8")).split("\n")[9]).toBe("ten");
    const [job] = (await manifestOf(project)).jobs;
    expect(job).toMatchObject({ patchedCommit: locked?.commit, base: { kind: "git", commit: pin }, locked: true });
    expect(job?.picks).toEqual([
      { ...picks[0], patchId: locked?.picks[0]?.["patchId"] },
      { ...picks[1], patchId: locked?.picks[1]?.["patchId"] },
    ]);
    expect(job?.base).not.toHaveProperty("picks");
    const again = await kovnBuild(project, build);
    expect(again.stderr).toMatch(/^demo: cached result of/m);
    expect((await manifestOf(project)).jobs[0]?.picks).toEqual(job?.picks);
  });

  test("that changed are refused until they are locked with a higher revision; their reasons are not locked", async ({
    folder,
  }) => {
    const { project, next } = await prepare(folder);
    await kovnBuild(project, ["patches", "lock"]);
    const plan = async () => JSON.parse((await kovnBuild(project, ["plan", ...build, "--json", "--unlocked"])).stdout) as Plan;
    const before = (await plan()).jobs[0];
    await rewrite(yamlOf(project), (text) => text.replace("fix 1", "fix it"));
    expect(await kovnBuild(project, ["plan", ...build])).toMatchObject({ exitCode: 0 });
    // Built files say the reason.
    expect((await plan()).jobs[0]?.key).not.toBe(before?.key);
    const changes: readonly (readonly [(text: string) => string, string])[] = [
      [(text) => text.replace("[tests/]", "[tests/all.txt]"), `\`without\` of pick \`${short(next.ten)}\` was changed`],
      [(text) => text.replace(/ {2}- .*fix 2.*\n/, ""), `Pick \`${short(next.code)}\` was dropped`],
      [(text) => text.replace(/( {2}- .*\n)( {2}- .*\n)/, "$2$1"), "The order of the picks was changed"],
      [
        (text) => text.replace("picks:\n", `picks:\n  - { commit: ${next.first}, why: more }\n`),
        `Pick \`${short(next.first)}\` was added`,
      ],
    ];
    const yaml = await readFile(yamlOf(project), "utf8");
    for (const [change, message] of changes) {
      await rewrite(yamlOf(project), () => change(yaml));
      const refused = await kovnBuild(project, build);
      expect(refused).toMatchObject({ exitCode: 2 });
      expect(refused.stderr).toContain(`${message} since the lock.`);
      const after = (await plan()).jobs[0];
      expect(after?.key).not.toBe(before?.key);
      expect(after?.versionSuffix).not.toBe(before?.versionSuffix);
      const lock = await kovnBuild(project, ["patches", "lock"]);
      expect(lock).toMatchObject({ exitCode: 2 });
      expect(lock.stderr).toContain("set `revision: 2`");
    }
  });

  test("are below the commits that export writes, and only those of the series are patches", async ({ folder }) => {
    const { project, next } = await prepare(folder);
    const before = await contentOf(join(project, "patches"));
    const applied = await kovnBuild(project, ["patches", "apply", "demo", "tree"]);
    expect(applied.stdout).toContain(`2 picks and 2 patches on ${pin}`);
    const same = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(same).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
    expect(await contentOf(join(project, "patches"))).toEqual(before);
    const tree = join(project, "tree");
    await commitFile(tree, "numbers.txt", "none\n", `No numbers\n\nWhy.\n\n${fields}`);
    const added = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(added).toMatchObject({ exitCode: 0, stdout: "added    no-numbers.patch\n2 of 3 patches unchanged" });
    expect(await readFile(join(project, demo, "no-numbers.patch"), "utf8")).toContain("-ten\n");
    expect(await commitsOf(await applyTree(project, "again"))).toEqual(await commitsOf(tree));
    await rewrite(yamlOf(project), (text) => text.replace(/ {2}- .*fix 2.*\n/, ""));
    const refused = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(refused).toMatchObject({ exitCode: 2 });
    expect(refused.stderr).toContain("the picks changed since");
    await rewrite(yamlOf(project), () => sourceYaml(join(folder, "upstream"), picksYaml(...two(next))).replace(pin, next.first));
    const moved = await kovnBuild(project, ["patches", "export", "demo", "tree"]);
    expect(moved).toMatchObject({ exitCode: 2 });
    expect(moved.stderr).toContain("the pin, which is below its picks, changed since");
  });

  test("come from the repository of --from, and make the same commit", async ({ folder }) => {
    const { project } = await prepare(folder);
    expect(await kovnBuild(project, [...build, "--unlocked"])).toMatchObject({ exitCode: 0 });
    const [first] = (await manifestOf(project)).jobs;
    await inGit(folder, "clone", "--quiet", "--mirror", "upstream", "clone.git");
    await inGit(folder, "clone", "--quiet", "--single-branch", `file://${folder}/upstream`, "main.git");
    await rename(join(folder, "upstream"), join(folder, "away"));
    const second = await kovnBuild(project, ["patches", "apply", "demo", "tree", "--from", "demo=../clone.git"]);
    expect(second.stdout.split(" ")[0]).toBe(first?.patchedCommit);
    await rename(join(project, ".kovn"), join(folder, "kovn"));
    const refused = await kovnBuild(project, [...build, "--unlocked", "--from", "demo=../main.git"]);
    expect(refused).toMatchObject({ exitCode: 1 });
    expect(refused.stderr).toContain("could not be fetched from repository ../main.git.");
    const check = await kovnBuild(project, ["patches", "check", "--from", "demo=../main.git"]);
    expect(check).toMatchObject({ exitCode: 1 });
    expect(check.stdout).toMatch(
      /^failed {3}1\.0 {2}demo {2}applies to .*main\.git.*: Pick `[0-9a-f]{12}` could not be fetched from repository/m,
    );
  });

  test("are in the notes and the changelog of a release, new ones and those that are dropped", async ({ folder }) => {
    const { project, next } = await prepare(folder);
    await writeFiles(project, {
      ".gitignore": ".kovn/\ndist/\n",
      "CHANGELOG.md": "# Changelog of the tool\n",
      "patches/1.0/CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- Something.\n",
    });
    await writeFiles(folder, { "home/.gitconfig": identity });
    await kovnBuild(project, ["patches", "lock"]);
    await inGit(project, "init", "--quiet", "--initial-branch=main");
    await commitAll(project, "First");
    const first = await kovnBuild(project, ["release", "notes"]);
    const rows = [`- \`${short(next.ten)}\`: fix 1`, `- \`${short(next.code)}\`: fix 2`];
    expect(first.stdout).toContain(`### Upstream's fixes on top\n\n${rows.join("\n")}\n\n`);
    await tag(project, "v1.0.0");
    const change = (text: string) =>
      text.replace(/ {2}- .*fix 1.*\n/, `  - { commit: ${next.first}, why: "a *new* one", without: [tests/] }\n`);
    await rewrite(yamlOf(project), (text) => change(text).replace("revision: 1", "revision: 2"));
    expect(await kovnBuild(project, ["patches", "lock"])).toMatchObject({ exitCode: 0 });
    await commitAll(project, "Second");
    const notes = (await kovnBuild(project, ["release", "notes"])).stdout;
    const added = `- \`${short(next.first)}\`: a \\*new\\* one`;
    expect(notes).toContain(`### Upstream's fixes on top\n\n${added} (new)\n${rows[1]}\n\n`);
    expect(notes).toContain(`### Upstream's fixes dropped\n\n${rows[0]}\n\n`);
    expect(notes).toContain("2 patches are unchanged.");
    expect(notes).not.toContain("### Patches");
    const cut = await asPerson(project, "release", "cut", "1.0.1");
    expect(cut, cut.stderr).toMatchObject({ exitCode: 0 });
    const log = await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8");
    expect(log).toContain(`- demo: took upstream's ${added.slice(2)}\n`);
    expect(log).toContain(`- demo: no longer takes upstream's ${rows[0]?.slice(2)}\n`);
  });
});

describe("an alternate, which has no history", () => {
  test("is built without picks, and says so in plan, build, manifest, check and apply", async ({ folder }) => {
    const apt = await makeApt(folder);
    const { project, next } = await prepare(folder, two, apt.alternates);
    const env = { PATH: apt.path };
    expect(await kovnBuild(project, ["patches", "lock"], env)).toMatchObject({ exitCode: 0 });
    const list = `${short(next.ten)} (fix 1), ${short(next.code)} (fix 2)`;
    const warning = `Source \`demo\` is built WITHOUT 2 picks: Debian's demo-source 1.2.3-1 has no history to take them onto. It lacks ${list}.`;
    const plan = await kovnBuild(project, ["plan", ...build, "--from", "apt"], env);
    expect(plan.stderr).toContain(warning);
    expect(plan.stdout).toContain(`NO picks   ${list}`);
    const json = JSON.parse((await kovnBuild(project, ["plan", ...build, "--from", "apt", "--json"], env)).stdout) as Plan;
    expect(json.jobs[0]?.base).toMatchObject({ kind: "apt", missingPicks: [{ commit: next.ten }, { commit: next.code }] });
    const built = await kovnBuild(project, [...build, "--from", "apt"], env);
    expect(built, built.stderr).toMatchObject({ exitCode: 0 });
    expect(built.stderr.split(warning)).toHaveLength(2);
    expect((await readFile(join(project, "dist/linux/numbers.txt"), "utf8")).split("\n")[9]).toBe("10");
    const [job] = (await manifestOf(project)).jobs;
    expect(job?.missingPicks).toEqual([
      { commit: next.ten, why: "fix 1" },
      { commit: next.code, why: "fix 2" },
    ]);
    expect(job).not.toHaveProperty("picks");
    const cached = await kovnBuild(project, [...build, "--from", "apt"], env);
    expect(cached.stderr).toContain(warning);
    const check = await kovnBuild(project, ["patches", "check"], env);
    expect(check.stdout).toContain(
      `skipped  1.0  demo  picks on Debian's demo-source 1.2.3-1: it has no history, so it is built without ${list}`,
    );
    expect(check).toMatchObject({ exitCode: 0 });
    const applied = await kovnBuild(project, ["patches", "apply", "demo", "tree", "--from", "apt"], env);
    expect(applied.stderr).toContain(warning);
    expect(applied.stdout).toMatch(/^[0-9a-f]{40} {2}2 patches on/);
    const exported = await kovnBuild(project, ["patches", "export", "demo", "tree"], env);
    expect(exported).toMatchObject({ exitCode: 0, stdout: "2 of 2 patches unchanged" });
  });
});

describe("source.yaml with wrong picks", () => {
  const [a, b] = ["a".repeat(40), "b".repeat(40)];
  const cases: readonly (readonly [name: string, yaml: string, place: string, message: string])[] = [
    ["a short commit", "  - { commit: abc123, why: x }\n", "7:15", "`commit`: expected a full git id (40 hexadecimal digits)."],
    ["a number", "  - { commit: 1234567, why: x }\n", "7:15", "`commit`: `1234567` is the number 1234567 in YAML"],
    [
      "one commit twice",
      `  - { commit: ${a}, why: x }\n  - { commit: ${b}, why: x }\n  - { commit: ${a}, why: y }\n`,
      "9:15",
      "`commit`: this commit is picked twice.",
    ],
    ["the pin", `  - { commit: ${pin}, why: x }\n`, "7:15", "`commit`: this is the pinned commit itself."],
    ["no reason", `  - { commit: ${a} }\n`, "7:5", "Key `why` is missing here."],
    ["an empty reason", `  - { commit: ${a}, why: "" }\n`, "7:62", "`why`: expected one line of text, without spaces around it."],
    ["a reason of two lines", `  - { commit: ${a}, why: "x\\ny" }\n`, "7:62", "`why`: expected one line of text"],
    [
      "a path above the tree",
      `  - { commit: ${a}, why: x, without: [../lib/] }\n`,
      "7:75",
      "expected a path inside the folder; a folder ends with `/`.",
    ],
    ["an absolute path", `  - { commit: ${a}, why: x, without: [/lib] }\n`, "7:75", "expected a relative path"],
    ["a path twice", `  - { commit: ${a}, why: x, without: [lib/, lib/] }\n`, "7:81", "this path is listed twice."],
    ["an unknown key", `  - { commit: ${a}, why: x, with: [lib/] }\n`, "7:65", "Key `with` is unknown here."],
  ];
  test.for(cases)("is refused at its line: %s", async ([, yaml, place, message], { folder }) => {
    const project = await makeProject(folder, {
      [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream"), `picks:\n${yaml}`),
    });
    const result = await kovnBuild(project, ["plan", ...build]);
    expect(result).toMatchObject({ exitCode: 2 });
    expect(result.stderr).toContain(`patches/1.0/demo/source.yaml:${place}: ${message}`);
  });

  const known: readonly (readonly [name: string, picks: Picks, message: string])[] = [
    ["a merge commit", ({ merge }) => [[merge]], "is a merge commit. Pick the commits that it merged, one by one."],
    ["nothing left", ({ code }) => [[code, ["lib/"]]], "is left after `without`."],
    ["an idle path", ({ code }) => [[code, ["docs/"]]], "does not change `docs/`. It changes lib/code.c."],
  ];
  test.for(known)(
    "is refused before a job runs, as soon as its commits are there: %s",
    async ([, picks, message], { folder }) => {
      const { project } = await prepare(folder, picks);
      const result = await kovnBuild(project, build);
      expect(result).toMatchObject({ exitCode: 2 });
      expect(result.stderr).toMatch(/patches\/1\.0\/demo\/source\.yaml:7:\d+: /);
      expect(result.stderr).toContain(message);
      expect(result.stderr).not.toContain("demo: started");
      const check = await kovnBuild(project, ["patches", "check"]);
      expect(check).toMatchObject({ exitCode: 2 });
      expect(check.stdout).toMatch(/^failed {3}1\.0 {2}demo {2}files: patches\/1\.0\/demo\/source\.yaml:7:/m);
    },
  );

  test("is refused with what to type where a pick does not apply", async ({ folder }) => {
    const { project, next } = await prepare(folder, ({ ten }) => [[ten]]);
    const result = await kovnBuild(project, build);
    expect(result).toMatchObject({ exitCode: 1 });
    expect(result.stderr).toContain(`Pick \`${short(next.ten)}\` (1 of 1 of \`demo\`) does not apply:`);
    expect(result.stderr).toContain("  tests/all.txt: the tree does not have this file");
    expect(result.stderr).toContain(
      "  -> `without: [tests/all.txt]` in patches/1.0/demo/source.yaml if no package is built from it;",
    );
  });
});
