import { expect, test } from "vitest";
import { differencesOf } from "../../../src/dist/differences.ts";
import { anArtifact } from "../../helpers/run-folder.ts";

test("artifacts are compared by package, or by file without the suffix of the series", () => {
  const zip = (suffix: string, digest: string) => ({
    file: `ovs-3.1.8+kovn7.${suffix}-win64.zip`,
    size: 5,
    sha256: digest.repeat(64),
    job: "ovs",
  });
  const now = [anArtifact("common", 20, "a"), anArtifact("switch", 5, "b"), zip("0123abcd", "c")];
  const before = [anArtifact("common", 10, "d"), anArtifact("gone", 5, "b"), zip("deadbeef", "e")];
  const found = differencesOf(now, before);
  expect(found.artifacts.map((one) => [one.artifact.file, one.before?.sha256[0]])).toEqual([
    [now[0]?.file, "d"],
    [now[1]?.file, undefined],
    [now[2]?.file, "e"],
  ]);
  expect(found.gone.map((artifact) => artifact.package)).toEqual(["gone"]);
});
