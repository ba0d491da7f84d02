import { expect } from "vitest";
import type { KubeOvn, KubeOvnChange } from "../../../src/config/kube-ovn.ts";
import { checkKubeOvn, listKubeOvn, type ListedChange } from "../../../src/patches/kube-ovn.ts";
import { test } from "../../helpers/folder.ts";
import { aPatch, aSource } from "../../helpers/plan.ts";
import { writeFiles } from "../../helpers/project.ts";

const commit = "1234567890abcdef1234567890abcdef12345678";
const file = "dist/images/patches/fix.patch";
const merged = { commit: "c".repeat(40), since: "3.5", effect: { file: "f", text: "t" } };
const sources = [
  aSource({
    picks: [{ commit: "abcdef1".padEnd(40, "0"), why: "jitter", without: [] }],
    patches: [
      aPatch("one.patch", { origin: `other, reimplements kubeovn/ovs@${commit}` }),
      aPatch("two.patch", { origin: `other, reimplements kubeovn/kube-ovn ${file}` }),
      aPatch("three.patch", { origin: "vendor" }),
      aPatch("four.patch", { origin: "other, reimplements kubeovn/kube-ovn dist/images/patches/fedcba9876543210.patch" }),
    ],
  }),
  aSource({ name: "ovn", patches: [aPatch("one.patch")] }),
];
const change = (changes: Partial<KubeOvnChange>): KubeOvnChange => ({
  ...{ id: "25d71867370c", source: "ovs", what: "fix a leak", patches: [] },
  ...changes,
});

const cases: readonly (readonly [string, Partial<KubeOvnChange>, Partial<ListedChange>])[] = [
  ["a patch that it lists", { patches: ["three"] }, { status: "patch", patches: ["three.patch"] }],
  ["a patch whose origin names the commit", { id: commit.slice(0, 12) }, { status: "patch", patches: ["one.patch"] }],
  ["a patch whose origin names the file of the commit", { id: "fedcba98765432" }, { status: "patch", patches: ["four.patch"] }],
  ["a patch whose origin names the path of the file", { id: "fix.patch" }, { status: "patch", patches: ["two.patch"] }],
  ["patches of both kinds", { id: file, patches: ["three"] }, { status: "patch", patches: ["two.patch", "three.patch"] }],
  ["no patch whose origin has fewer digits in common", { id: commit.slice(0, 9) }, { status: "missing", patches: [] }],
  ["no patch of another source", { id: commit.slice(0, 12), source: "ovn" }, { status: "missing", patches: [] }],
  ["a pick", { pick: "abcdef1" }, { status: "pick", pick: "abcdef1" }],
  ["no pick that the source does not have", { pick: "abcdef2" }, { status: "missing" }],
  ["a patch and a pick", { patches: ["one"], pick: "abcdef1" }, { status: "patch", patches: ["one.patch"], pick: "abcdef1" }],
  ["upstream's commit", { merged }, { status: "merged", since: "3.5" }],
  ["a reason", { dropped: "nobody calls it" }, { status: "dropped", why: "nobody calls it" }],
  ["nothing", {}, { status: "missing", patches: [] }],
];

test.for(cases)("a change has %s", ([, changes, row]) => {
  const kubeOvn: KubeOvn = { release: "1.12", lists: [{ title: "OVS", from: "a file", changes: [change(changes)] }] };
  expect(listKubeOvn(kubeOvn, sources).lists[0]?.changes[0]).toMatchObject(row);
});

const head = "release: Kube-OVN 1.12\nlists:\n  - title: OVS\n    from: a file\n    changes:\n";
async function check(folder: string, ...changes: readonly string[]) {
  const text = `${head}${changes.map((one) => `      - { id: 25d71867370c, what: w, ${one} }\n`).join("")}`;
  await writeFiles(folder, { "patches/1.12/kube-ovn.yaml": text });
  return checkKubeOvn({ root: folder, work: "" }, "1.12", sources);
}

test("a line that accounts for each change is good, and upstream's commits are checked on", async ({ folder }) => {
  const effect = "effect: { file: f, text: t }";
  const upstream = `merged: { commit: ${merged.commit}, since: "3.5", ${effect} }`;
  const checked = await check(folder, "source: ovs, patches: [one]", `source: ovn, ${upstream}`, "source: ovs, dropped: why");
  expect(checked).toMatchObject({
    finding: { outcome: "ok", detail: expect.stringContaining("each of the 3 changes") as string },
  });
  expect(checked?.merged).toEqual({ ovs: [], ovn: [{ seed: "25d71867370c", ...merged }] });
});

test("a line without the file is not checked", async ({ folder }) => {
  expect(await checkKubeOvn({ root: folder, work: "" }, "1.12", sources)).toBeUndefined();
});

const wrong: readonly (readonly [string, string, string])[] = [
  ["nothing", "source: ovs", "6:15: `id`: 25d71867370c has neither a patch nor a pick here, and is neither merged nor dropped."],
  ["an unknown source", "source: ovz", "6:46: `source`: line 1.12 has no source ovz."],
  ["an unknown patch", "source: ovs, patches: [one, five]", "6:66: ovs has no patch five.patch."],
  ["an unknown pick", "source: ovs, pick: abcdef2", "6:57: `pick`: ovs has no pick abcdef2."],
  [
    "a patch although it is dropped",
    "source: ovs, patches: [one], dropped: why",
    "6:76: `dropped`: it is not dropped if it has a patch, a pick or `merged`.",
  ],
];
test.for(wrong)("a change with %s is wrong, at its place", async ([, text, message], { folder }) => {
  await expect(check(folder, text)).rejects.toMatchObject({ code: "project", message: `patches/1.12/kube-ovn.yaml:${message}` });
});
