import { describe, expect, test } from "vitest";
import { editSource, type SourceChanges } from "../../../src/config/edit-source.ts";

const text = `# Top.
upstream: https://example.com/demo.git # where
branch: main # for people
commit: ${"a".repeat(40)}
version: "3.10" # what it says
revision: 7 # raised
picks: # fixes
  - commit: ${"b".repeat(40)}
    why: first # one
    without: [NEWS] # two
  # About the second.
  - commit: ${"c".repeat(40)}
    why: second
  - { commit: ${"d".repeat(40)}, why: third }
alternates: # other bases
  - apt: demo
    version: 1
merged: # done
  - { seed: 1111111111, commit: x } # why
# End.
`;

const none: SourceChanges = { values: {}, drop: { picks: [], alternates: [] }, merged: [] };
const merged = {
  seed: "1234567e89",
  commit: "e".repeat(40),
  since: "3.5",
  effect: { file: "lib/a.c", text: 'say("it"); # no' },
};
const added = `  - { seed: "1234567e89", commit: ${"e".repeat(40)}, since: "3.5", effect: { file: lib/a.c, text: "say(\\"it\\"); # no" } }\n`;

const cases: readonly (readonly [string, Partial<SourceChanges>, (text: string) => string])[] = [
  ["nothing", {}, (was) => was],
  [
    "values, quoted where YAML would take a number",
    { values: { commit: "f".repeat(40), version: "3.5.1", branch: "3.50", revision: 8 } },
    (was) =>
      was.replace("a".repeat(40), "f".repeat(40)).replace('"3.10"', "3.5.1").replace("main", '"3.50"').replace("7 #", "8 #"),
  ],
  [
    "a pick, with the comment above it",
    { drop: { picks: [1], alternates: [] } },
    (was) => was.replace(/ {2}# About[^]*second\n/, ""),
  ],
  [
    "the first pick and the last",
    { drop: { picks: [0, 2], alternates: [] } },
    (was) => was.replace(/ {2}- commit: b[^]*?two\n/, "").replace(/ {2}- \{ commit: d.*\n/, ""),
  ],
  [
    "all picks and alternates, with their keys",
    { drop: { picks: [0, 1, 2], alternates: [0] } },
    (was) => was.replace(/picks:[^]*(?=merged:)/, ""),
  ],
  [
    "an entry that is dropped",
    { dropped: [{ seed: "1234567e89", since: "1.12.1", why: "no: reason" }] },
    (was) => `${was}dropped:\n  - { seed: "1234567e89", since: 1.12.1, why: "no: reason" }\n`,
  ],
  ["one more change that upstream took", { merged: [merged] }, (was) => was.replace("# why\n", `# why\n${added}`)],
];

describe("a source.yaml is changed in", () => {
  test.for(cases)("%s", ([, changes, expected]) => {
    expect(editSource(text, { ...none, ...changes })).toBe(expected(text));
  });

  test("lists in one line, and without a list that is not there", () => {
    const flow = "revision: 1\npicks: [{ commit: b }, { commit: c }]\nmerged: []";
    const changes = { ...none, values: { revision: 2 }, merged: [merged] };
    expect(editSource(flow, { ...changes, drop: { picks: [0], alternates: [] } })).toBe(
      `revision: 2\npicks: [{ commit: c }]\nmerged:\n${added}`,
    );
    expect(editSource("revision: 1\n", { ...none, merged: [merged] })).toBe(`revision: 1\nmerged:\n${added}`);
    expect(editSource("merged: [{ seed: x }]\n", { ...none, merged: [merged] })).toBe(
      `merged: [{ seed: x }, ${added.slice(4).trimEnd()}]\n`,
    );
  });
});
