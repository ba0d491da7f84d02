import { expect, test } from "vitest";
import { drawFailure } from "../../../../src/report/page/failure.ts";
import type { RunFolder } from "../../../../src/report/page/read.ts";

function draw(failure: object): string | undefined {
  const run = { jobs: [], failure: { message: "Wrong.", at: [], ...failure } };
  return drawFailure({ run, excerpts: new Map() } as unknown as RunFolder)?.text;
}

test("a failure names the command that explains it, but not wrong arguments that say what to type", () => {
  expect(draw({ code: "digest", hint: "kovn-build build" })).toContain("kovn-build explain digest");
  expect(draw({ code: "usage", hint: "--line 1.12" })).not.toContain("explain");
  expect(draw({})).not.toContain("explain");
});
