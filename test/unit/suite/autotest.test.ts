import { describe, expect, test } from "vitest";
import { asRanges, parseList, parseLog, parseShown, sameTest, testId, type Test } from "../../../src/suite/autotest.ts";

const program = "tests/testsuite";

test("a list has each test with its place, and no line of keywords, whatever it looks like", () => {
  const text = `openvswitch 3.1.8 test suite test groups:

 NUM: FILE-NAME:LINE     TEST-GROUP-NAME
      KEYWORDS

   1: completion.at:21   appctl-bashcomp - basic verification
2414: ovsdb-idl.at:2294  Compound_index, double column test  - C
      ovsdb server
      001: s=list000 i=1 b=true
`;
  expect(parseList(text, program)).toEqual([
    { program, number: 1, file: "completion.at", line: 21, title: "appctl-bashcomp - basic verification" },
    { program, number: 2414, file: "ovsdb-idl.at", line: 2294, title: "Compound_index, double column test  - C" },
  ]);
});

describe("a line of a log", () => {
  const cases: Readonly<Record<string, readonly [string, unknown]>> = {
    "has a test that passed": ["59. hash index (library.at:24): ok     (0m0.100s 0m0.000s)", { outcome: "passed" }],
    "has a test that was skipped, and where": ["7. a (b) (x.at:1): skipped (x.at:3)", { outcome: "skipped", where: "x.at:3" }],
    "has a failure, in the log of the test itself": [
      "949. ofproto.at:2243: 949. ofproto - hidden rules (ofproto.at:2243): FAILED (ofproto.at:2275)",
      { outcome: "failed", where: "ofproto.at:2275" },
    ],
    "has an expected failure": ["5. e (x.at:1): expected failure (x.at:2)", { outcome: "expected failure", where: "x.at:2" }],
    "has an unexpected pass": ["6. f (x.at:1): UNEXPECTED PASS", { outcome: "unexpected pass" }],
    "has no result before its test has ended": ["8. x.at:1: testing that all is ok (really) ...", undefined],
    "has no result when another program printed it": ["./x.at:24: ovstest test-hindex", undefined],
  };
  for (const [name, [line, result]] of Object.entries(cases))
    test(name, () => expect([...parseLog(`# log\n${line}\n`).values()][0]).toEqual(result));
});

describe("a line of a running suite", () => {
  const cases: Readonly<Record<string, readonly [string, unknown]>> = {
    "has a test that passed": [" 59: hash index                                        ok", [59, { outcome: "passed" }]],
    "has a failure": [
      "949: ofproto - hidden rules FAILED (ofproto.at:2275)",
      [949, { outcome: "failed", where: "ofproto.at:2275" }],
    ],
    "has a failure at no line": ["1043: ssl file change FAILED (--wait=sb)", [1043, { outcome: "failed", where: "--wait=sb" }]],
    "is not confused by a title": [
      "418: a title that says ok - OF1.0 skipped (x.at:2)",
      [418, { outcome: "skipped", where: "x.at:2" }],
    ],
    "has no result when a compiler printed it": ["x.c:59: warning: ok", undefined],
  };
  for (const [name, [line, shown]] of Object.entries(cases)) test(name, () => expect(parseShown(line)).toEqual(shown));
});

test("numbers become ranges", () => {
  expect(asRanges([7, 1, 2, 3, 12, 9, 10])).toEqual(["1-3", "7", "9-10", "12"]);
  expect(asRanges([])).toEqual([]);
});

test("a test's id names its program where that is not `testsuite`", () => {
  expect(testId({ program, number: 3 })).toBe("3");
  expect(testId({ program: "tests/ovsdb-cluster-testsuite", number: 3 })).toBe("ovsdb-cluster:3");
});

test("the same test of another build is found by file and title, even among tests that share them", () => {
  const make = (number: number, title: string, file = "a.at"): Test => ({ program, number, file, line: number, title });
  const own = [make(1, "new"), make(2, "twice"), make(3, "twice"), make(4, "moved")];
  const others = [make(1, "twice"), make(2, "twice"), make(3, "moved", "b.at")];
  expect(own.map((one) => sameTest(one, own, others)?.number)).toEqual([undefined, 1, 2, undefined]);
});
