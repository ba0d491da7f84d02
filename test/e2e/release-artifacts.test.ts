import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { commitAll, demo, mail, newFile, sourceYaml, writeFiles } from "../helpers/project.ts";
import { asPerson, builtFrom, makeRepository, tag } from "../helpers/repository.ts";

const apt = { kind: "apt", package: "demo-source", version: "1.1.0-2", member: "demo.tar.gz", sha256: "9".repeat(64) } as const;

/** Adds a patch to the first two of `demo`, as its second revision. */
async function addPatch(project: string, name: string, subject = `Add ${name}`): Promise<void> {
  await writeFiles(project, {
    [`${demo}/source.yaml`]: sourceYaml(join(project, "../upstream")).replace("revision: 1", "revision: 2"),
    [`${demo}/series`]: `greet-world.patch\ngreet-all.patch\n${name}.patch\n`,
    [`${demo}/${name}.patch`]: mail(subject, newFile(`${name}.txt`, name)),
  });
  await kovnBuild(project, ["patches", "lock"]);
}

describe("a release describes its artifacts", () => {
  test("by the alternate that they were built on, and the sources that they lack", async ({ folder }) => {
    const other = { "patches/1.0/other/source.yaml": sourceYaml(join(folder, "upstream")), "patches/1.0/other/series": "" };
    const project = await makeRepository(folder, other);
    const job = { ...(await builtFrom(project)), alternate: true, base: apt, version: apt.version };
    await makeDist(join(project, "dist"), { job });
    const { stdout } = await kovnBuild(project, ["release", "plan", "1.0.0", "--allow-alternate"]);
    expect(stdout).toMatch(/^Kube-OVN 1\.0\.0: demo 1\.1\.0-2 \(alternate\)\n/);
    expect(stdout).toContain("source      demo 1.1.0-2, revision 1: Debian's demo-source 1.1.0-2, an alternate\n");
    expect(stdout).toContain("absent      other: no artifact was built from it\n");
    expect(stdout).toContain(
      "## demo 1.1.0-2\n\nBase: Debian's demo-source 1.1.0-2, revision 1. This is an alternate to the pin",
    );
    expect(stdout).toContain("Not in this release: `other`.");
    const { sources, absent } = JSON.parse(
      (await kovnBuild(project, ["release", "plan", "1.0.0", "--allow-alternate", "--json"])).stdout,
    ) as Record<string, unknown>;
    expect({ sources, absent }).toEqual({
      sources: [{ name: "demo", version: "1.1.0-2", revision: 1, base: "Debian's demo-source 1.1.0-2", alternate: true }],
      absent: ["other"],
    });
  });

  test("by the Hyper-V extension that their installer lacks", async ({ folder }) => {
    const project = await makeRepository(folder);
    const job = await builtFrom(project);
    const lacks = "The installer for Windows has no Hyper-V extension";
    const inputs = [{ name: "driver/ovsext.sys", sha256: "1".repeat(64) }];
    for (const [made, others, says] of [
      [job, ["demo.zip"], false],
      [job, ["demo.msi"], true],
      [{ ...job, inputs: [{ name: "demo.wxs", sha256: "1".repeat(64) }] }, ["demo.msi"], true],
      [{ ...job, inputs }, ["demo.msi"], false],
      [job, ["demo.msi", "ovsext.sys"], false],
    ] as const) {
      await makeDist(join(project, "dist"), { target: "windows", job: made, others });
      expect((await kovnBuild(project, ["release", "notes"])).stdout.includes(lacks)).toBe(says);
    }
  });

  test("as built from other files than the release has", async ({ folder }) => {
    const project = await makeRepository(folder);
    const dist = ["release", "plan"];
    await makeDist(join(project, "dist"), { job: await builtFrom(project) });
    expect((await kovnBuild(project, dist)).stdout).not.toContain("differ");
    await addPatch(project, "third");
    const { stdout } = await kovnBuild(project, dist);
    expect(stdout).toContain("; these artifacts differ from the release in the revision, `third.patch`\n");
    expect(stdout).toContain("built from other files than the release has; they differ in the revision, `third.patch`.");
    expect(stdout).not.toContain("### Patches added");
  });
});

describe("notes of a version that was cut", () => {
  test("say what is new in it, at its tag and later", async ({ folder }) => {
    const project = await makeRepository(folder);
    expect(await asPerson(project, "release", "cut", "1.0.0")).toMatchObject({ exitCode: 0 });
    await addPatch(project, "third");
    await commitAll(project, "Add a third");
    expect(await asPerson(project, "release", "cut", "1.0.1")).toMatchObject({ exitCode: 0 });
    const third = "### Patches added\n\n- `third.patch`: Add third\n";
    expect((await kovnBuild(project, ["release", "notes"])).stdout).toContain(third);
    expect((await kovnBuild(project, ["release", "plan"])).stdout).toContain("v1.0.1\n  since       v1.0.0\n");
    await writeFiles(project, { [`${demo}/third.patch`]: undefined });
    await addPatch(project, "fourth");
    expect((await kovnBuild(project, ["release", "notes"])).stdout).toContain("fourth");
    const { stdout } = await kovnBuild(project, ["release", "notes", "1.0.1"]);
    expect(stdout).toContain(third);
    expect(stdout).not.toContain("fourth");
  });

  test("show the subjects of others as they are, in the changelog too", async ({ folder }) => {
    const project = await makeRepository(folder);
    await tag(project, "v1.0.0");
    await addPatch(project, "third", "Include <b.h>, thanks @ann, #42");
    await commitAll(project, "Add a third");
    const shown = "`third.patch`: Include \\<b.h&gt;, thanks @&#8203;ann, #&#8203;42\n";
    expect((await kovnBuild(project, ["release", "notes"])).stdout).toContain(shown);
    expect(await asPerson(project, "release", "cut", "1.0.1")).toMatchObject({ exitCode: 0 });
    expect(await readFile(join(project, "patches/1.0/CHANGELOG.md"), "utf8")).toContain(`- demo: added ${shown}`);
  });
});
