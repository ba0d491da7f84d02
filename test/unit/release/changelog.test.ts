import { expect, test } from "vitest";
import { releaseChangelog } from "../../../src/release/changelog.ts";

const cut = (text: string, lines: readonly string[] = []) => releaseChangelog(text, "1.0.1", "2026-11-22", lines);

test("text under Unreleased moves under the version, above older releases", () => {
  const text = "# Changelog\n\n## [Unreleased]\n\n### Added\n\n- New.\n\n## [1.0.0] - 2026-01-01\n\n- Old.\n";
  expect(cut(text, ["- More."])).toBe(
    "# Changelog\n\n## Unreleased\n\n## 1.0.1 - 2026-11-22\n\n### Added\n\n- New.\n\n- More.\n\n## [1.0.0] - 2026-01-01\n\n- Old.\n",
  );
});

test("a changelog without Unreleased gets both headings above the releases", () => {
  expect(cut("# Changelog\n\n## 1.0.0 - 2026-01-01\n")).toBe(
    "# Changelog\n\n## Unreleased\n\n## 1.0.1 - 2026-11-22\n\n## 1.0.0 - 2026-01-01\n",
  );
  expect(cut("# Changelog\n")).toBe("# Changelog\n\n## Unreleased\n\n## 1.0.1 - 2026-11-22\n");
});

test("a changelog that has the version is unchanged", () => {
  const text = cut("# Changelog\n\n## Unreleased\n\n- New.\n");
  expect(cut(text, ["- More."])).toBe(text);
});
