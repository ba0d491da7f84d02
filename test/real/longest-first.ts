import { basename } from "node:path";
import type { TestSequencer, TestSpecification } from "vitest/node";

/** The files that take minutes, longest first. The others begin after them. */
const longest = [
  ...["windows-mingw", "linux-deb", "verify", "publish-kill", "publish-github", "workflows"],
  ...["compiler-cache", "root", "configured", "patches-prove", "publish-repair"],
];

/** Begins the longest files first, so that no worker has one left when the others have nothing to do. */
export class LongestFirst implements TestSequencer {
  shard(files: TestSpecification[]): TestSpecification[] {
    return files;
  }

  sort(files: TestSpecification[]): TestSpecification[] {
    const place = ({ moduleId }: TestSpecification) => {
      const index = longest.indexOf(basename(moduleId, ".test.ts"));
      return index < 0 ? longest.length : index;
    };
    return files.toSorted((a, b) => place(a) - place(b) || a.moduleId.localeCompare(b.moduleId));
  }
}
