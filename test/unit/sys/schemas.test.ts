import { expect, test } from "vitest";
import { z } from "zod";
import { describeIssue } from "../../../src/sys/schemas.ts";

test.for([
  [{ files: [{}] }, "files.0.size is missing"],
  [{ files: [{ size: "1" }] }, "files.0.size: Invalid input: expected number, received string"],
  [{}, "files is missing"],
  [null, "the file: Invalid input: expected object, received null"],
  [undefined, "the file is missing"],
] as const)("%j: %s", ([value, expected]) => {
  const { error } = z.object({ files: z.array(z.object({ size: z.number() })) }).safeParse(value);
  expect(error?.issues.map((issue) => describeIssue(issue))).toEqual([expected]);
});
