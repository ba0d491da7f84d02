import { expect, test } from "vitest";
import { rulesToPack } from "../../../src/label/debian-rules.ts";

test("debian/rules that say how packages are packed stay as they are", () => {
  const rules = "%:\n\tdh $@\n";
  const own = `${rules}override_dh_builddeb:\n\tdh_builddeb -- -Zzstd\n`;
  expect(rulesToPack(own)).toBe(own);
  expect(rulesToPack(rules)).toContain("\noverride_dh_builddeb:\n");
});
