// Checks commit messages (CONTRIBUTING.md): that of a file, as git's hook `commit-msg` runs it, or those of a range of commits:
//   node .githooks/check-message.mjs FILE
//   node .githooks/check-message.mjs --range origin/main..HEAD
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const subjectLimit = 72;
const bodyLimit = 100;

/** Subjects that git writes by itself. */
const ofGit = /^(Revert|Reapply) "|^(fixup|squash|amend)! |^Merge /;
const area = /^[a-z0-9.][a-z0-9./-]*: \S/;
/** Lines that cannot be wrapped: a URL, quoted output, a trailer such as `Co-authored-by:`. */
const unwrappable = /https?:\/\/|^\s|^[A-Z][A-Za-z-]+: |^\S+$/;

/** What is wrong with a message: the number of the line, and the remedy. */
function check(message) {
  const [subject = "", second = "", ...body] = message.trimEnd().split("\n");
  if (subject === "" || ofGit.test(subject)) return [];
  const problems = [];
  const say = (line, remedy) => problems.push({ line, remedy });
  if (!area.test(subject))
    say(1, "write `area: what`, such as `patches: apply without fuzz`; an area has small letters, digits, `-`, `/` and `.`");
  const length = [...subject].length;
  if (length > subjectLimit)
    say(
      1,
      `shorten it by ${length - subjectLimit}: a subject has at most ${subjectLimit} characters; the why belongs in the body`,
    );
  if (subject.endsWith(".")) say(1, "remove the full stop at the end of the subject");
  if (second !== "") say(2, "leave this line empty: it separates the subject from the body");
  for (const [index, line] of body.entries())
    if ([...line].length > bodyLimit && !unwrappable.test(line)) say(index + 3, `wrap at ${bodyLimit} characters or fewer`);
  return problems;
}

/** Prints what is wrong with a message; true when nothing is. */
function report(name, message) {
  const lines = message.split("\n");
  const problems = check(message);
  for (const { line, remedy } of problems) console.error(`${name}, line ${line}: ${lines[line - 1]}\n  -> ${remedy}`);
  return problems.length === 0;
}

const git = (args, input) => execFileSync("git", args, { encoding: "utf8", input, maxBuffer: 2 ** 28 });

/** The message as git will store it: without comments, and without the diff of `git commit --verbose`. */
function readMessage(file) {
  const [text] = readFileSync(file, "utf8").split(/^. -+ >8 -+$/m);
  return git(["stripspace", "--strip-comments"], text);
}

/** Commits of a range that are not merges: `[id, message]`, oldest first. */
function readRange(range) {
  const ids = git(["rev-list", "--reverse", "--no-merges", range]).split("\n").filter(Boolean);
  return ids.map((id) => [id.slice(0, 12), git(["show", "--no-patch", "--format=%B", id])]);
}

const [first, range] = process.argv.slice(2);
if (first === "--range") {
  const wrong = readRange(range).filter(([id, message]) => !report(`commit ${id}`, message));
  if (wrong.length > 0) console.error(`Reword ${wrong.length} commits: git rebase --interactive ${range.split("..")[0]}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} else if (!report("commit message", readMessage(first))) {
  console.error(`Nothing was committed. Edit the message and try again: git commit --edit --file ${first}`);
  process.exitCode = 1;
}
