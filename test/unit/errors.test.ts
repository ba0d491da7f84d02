import { describe, expect, test } from "vitest";
import { BuildError, exitCode, withDetails, type ErrorCode } from "../../src/errors.ts";

describe("the exit code", () => {
  const cases: readonly (readonly [ErrorCode, number])[] = [
    ["usage", 2],
    ["project", 2],
    ["compiler", 2],
    ["machine", 1],
    ["network", 1],
    ["digest", 1],
    ["patch", 1],
    ["build", 1],
    ["destination", 1],
  ];
  test.each(cases)("of %s is %i", (code, expected) => {
    expect(exitCode(new BuildError(code, "Wrong."))).toBe(expected);
  });

  test("is 1 for wrong input that a job found, and for bugs", () => {
    expect(exitCode(new BuildError("usage", "Archive x is damaged.", { job: "ovs" }))).toBe(1);
    expect(exitCode(new TypeError("x is undefined"))).toBe(1);
  });
});

test("an error with other details keeps the rest, and its cause", () => {
  const error = new BuildError("network", "Gone.", { source: "ovs", hint: "--from", at: [{ file: "a", line: 1 }] });
  const changed = withDetails(error, { job: "ovs", hint: "less" });
  const { code, message, source, at } = error;
  expect(changed).toMatchObject({ code, message, source, at, job: "ovs", hint: "less", cause: error });
});
