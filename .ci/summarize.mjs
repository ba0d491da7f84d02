// Prints the tests that failed, and those that passed only when they ran again, then one line with the number of tests: `N passed, N failed`.
// `node .ci/summarize.mjs REPORT...`, where a report is what vitest writes with --reporter=json.
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { stripVTControlCharacters } from "node:util";

/** Most tests that are shown, and lines of each message. */
const most = { tests: 30, lines: 12 };

const counts = { passed: 0, failed: 0, skipped: 0 };

function fail(name, messages) {
  counts.failed++;
  if (counts.failed <= most.tests) show("FAILED", name, messages);
}

function show(what, name, messages) {
  const lines = stripVTControlCharacters(messages.join("\n")).trim().split("\n");
  // Where a message was made is in the log above.
  const shown = lines.filter((line) => !/^ +at /.test(line)).slice(0, most.lines);
  console.log([`${what} ${name}`, ...shown.map((line) => `    ${line.slice(0, 1200)}`)].join("\n"));
}

for (const path of process.argv.slice(2)) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    fail(path, [`vitest ended before it wrote this report: ${error.message}`]);
    continue;
  }
  for (const { name, status, message, assertionResults } of report.testResults) {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === "failed");
    for (const { fullName, failureMessages } of failed) fail(`${file}: ${fullName}`, failureMessages);
    // A file that cannot be loaded, or whose `beforeAll` failed.
    if (status === "failed" && failed.length === 0) fail(file, [message]);
    const passed = assertionResults.filter((test) => test.status === "passed");
    for (const { fullName, failureMessages } of passed)
      if (failureMessages.length > 0) show("PASSED THE SECOND TIME", `${file}: ${fullName}`, failureMessages);
    counts.passed += passed.length;
    counts.skipped += assertionResults.length - passed.length - failed.length;
  }
}
if (counts.failed > most.tests) console.log(`... and ${counts.failed - most.tests} more failed`);
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
