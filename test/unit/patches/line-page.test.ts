import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { readSources } from "../../../src/config/source.ts";
import { checkKubeOvn } from "../../../src/patches/kube-ovn.ts";
import { host } from "../../helpers/host.ts";
import { glob } from "../../../src/sys/glob.ts";

const pages = await glob(["docs/line-*.md"], { cwd: process.cwd() });

describe.each(pages.map((page) => [page]))("%s", (page) => {
  const line = page.slice("docs/line-".length, -".md".length);
  const inLine = (...patterns: readonly string[]) => glob(patterns, { cwd: `patches/${line}` });

  test("names files that exist", async () => {
    const links = [...(await readFile(page, "utf8")).matchAll(/\]\(\.\.\/patches\/[^/]+\/([^)]+)\)/g)].map(
      ([, path = ""]) => path,
    );
    expect(links).not.toEqual([]);
    expect((await inLine(...new Set(links))).toSorted()).toEqual([...new Set(links)].toSorted());
  });

  test("names every patch of the line", async () => {
    const text = await readFile(page, "utf8");
    const patches = await inLine("*/*.patch");
    expect(patches.filter((patch) => !text.includes(`(../patches/${line}/${patch})`))).toEqual([]);
  });

  test("is of a line that accounts for each change of Kube-OVN's own", async () => {
    const project = { root: process.cwd(), work: "" };
    const checked = await checkKubeOvn(project, line, await readSources(project, line, host));
    expect(checked?.finding.outcome).toBe("ok");
  });

  test("names picks that a source has", async () => {
    const sources = await Promise.all((await inLine("*/source.yaml")).map((path) => readFile(`patches/${line}/${path}`, "utf8")));
    const picks = [...(await readFile(page, "utf8")).matchAll(/\bpick `([0-9a-f]+)`/g)].map(([, commit = ""]) => commit);
    expect(picks.filter((commit) => !sources.some((source) => source.includes(`commit: ${commit}`)))).toEqual([]);
  });
});
