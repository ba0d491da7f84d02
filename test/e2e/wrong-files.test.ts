import { describe } from "vitest";
import { test } from "../helpers/folder.ts";
import { demo, mail, newFile, pipelineYaml, replaceLine, sourceYaml, writeProject, type Files } from "../helpers/project.ts";
import { complains } from "../helpers/wrong.ts";

const diff = replaceLine("greeting.txt", "hello", "hello world");
const world = mail("Greet the world", diff);
/** The files of a project with another first patch. */
const first = (content: string): Files => ({ [`${demo}/greet-world.patch`]: content });
const series = (content: string | undefined): Files => ({ [`${demo}/series`]: content });
const source = (content: string | undefined): Files => ({ [`${demo}/source.yaml`]: content });
const pipeline = (content: string | undefined): Files => ({ "pipelines/test.yaml": content });
const alternate = `alternates: [{ apt: demo-source, version: '1', member: x, sha256: ${"a".repeat(64)}`;
const good = { source: sourceYaml("upstream"), pipeline: pipelineYaml("true") };

/** What is wrong, the project's files, and the expected problems with file, line and column. All end with exit code 2. */
const rows: readonly (readonly [string, Files, readonly string[]])[] = [
  ["a pipeline that is not YAML", pipeline("name: [\n"), ["pipelines/test.yaml:2:1: "]],
  [
    "a pipeline with an unknown key",
    pipeline(good.pipeline.replace("artifacts:", "artefacts:")),
    ["test.yaml:12:5: Key `artefacts` is unknown here.", "test.yaml:6:5: Key `artifacts` is missing here."],
  ],
  [
    "a pipeline with three problems",
    pipeline(good.pipeline.replace("linux", "linxu").replace("uses: shell", "uses: shel").concat("more: 1\n")),
    ["test.yaml:2:9: `target`", "test.yaml:8:15: `uses`", "test.yaml:13:1: Key `more`"],
  ],
  [
    "a pipeline without a job",
    pipeline("name: test\ntarget: linux\nflags: {}\njobs: {}\n"),
    ["test.yaml:4:7: `jobs`: expected at least one job."],
  ],
  [
    "a pipeline with a job that needs an unknown job",
    pipeline(good.pipeline.concat("    needs: [constructor]\n")),
    ["test.yaml:13:13: Job `demo` needs job `constructor`, which does not exist."],
  ],
  [
    "a pipeline with jobs that need each other",
    pipeline(good.pipeline.concat("    needs: [demo]\n")),
    ["Jobs need each other in a circle: demo -> demo."],
  ],
  [
    "a pipeline with an artifact outside the job's folder",
    pipeline(good.pipeline.replace("*.txt", "../../../*")),
    ["test.yaml:12:17: expected a path inside the job's folder."],
  ],
  [
    "a pipeline with an option as a package name",
    pipeline(good.pipeline.concat("    packages: [--purge]\n")),
    ["test.yaml:13:16: expected a Debian package name."],
  ],
  [
    "a pipeline with an anchor",
    pipeline(good.pipeline.replace("name: test", "name: &name test")),
    ["test.yaml:1:13: Anchors and aliases are not allowed"],
  ],
  [
    "a pipeline with a source that the line does not have",
    pipeline(good.pipeline.replace("source: demo", "source: demos")),
    ["Source `demos` is unknown. Available: `demo`."],
  ],
  [
    "a project without a pipeline",
    { ...pipeline(undefined), "pipelines/.keep": "" },
    ["Target `linux` is unknown. Available: none."],
  ],

  ["a missing source.yaml", source(undefined), [`${demo}/source.yaml:1:1: This file cannot be read.`]],
  [
    "a source.yaml with four problems",
    source(
      good.source
        .replace(/commit: .*/, "commit: main")
        .replace("revision: 1", "revision: 0")
        .replace("branch: main\n", "")
        .concat("tag: v1\n"),
    ),
    [
      "source.yaml:2:9: `commit`: expected a full git id",
      "source.yaml:4:11: `revision`",
      "source.yaml:1:1: Key `branch` is missing",
      "source.yaml:5:1: Key `tag` is unknown",
    ],
  ],
  [
    "a version that YAML reads as a number",
    source(good.source.replace("1.2.3", "1.2")),
    ['source.yaml:4:10: `version`: `1.2` is the number 1.2 in YAML: write "1.2" with quotes.'],
  ],
  [
    "an alternate that is not a package",
    source(good.source.concat("alternates: [{ apt: -t, version: '1', member: /etc/passwd, sha256: 12 }]\n")),
    ["source.yaml:6:21: `apt`: expected a Debian package name", "`member`: expected a relative path", "`sha256`"],
  ],
  ["a lock that is not JSON", { "patches/1.0/lock.json": "{" }, ["patches/1.0/lock.json:1:2: "]],
  [
    "a lock of another series",
    { "patches/1.0/lock.json": '{"schema":1,"sources":{}}' },
    ["patches/1.0/lock.json: the series of `demo` does not match the lock."],
  ],

  [
    "a missing packaging series",
    { [`${demo}/packaging/one.patch`]: world },
    [`${demo}/packaging/series:1:1: This file cannot be read`],
  ],
  [
    "a packaging patch that is not listed, and a series that nobody names",
    { [`${demo}/packaging/series`]: "two.patch\n", [`${demo}/packaging/one.patch`]: world, [`${demo}/packaging/x.series`]: "" },
    [
      `${demo}/packaging/series:1:1: Patch \`two.patch\` is listed, but the file does not exist.`,
      `${demo}/packaging/one.patch:1:1: This patch is not listed in \`series\`.`,
      `${demo}/packaging/x.series:1:1: No alternate of source.yaml names this series.`,
    ],
  ],
  [
    "an alternate with a missing packaging series",
    source(good.source.concat(`${alternate}, packaging: debian.series }]\n`)),
    [`${demo}/packaging/debian.series:1:1: This file cannot be read`],
  ],
  [
    "an alternate with a packaging series elsewhere",
    source(good.source.concat(`${alternate}, packaging: ../series }]\n`)),
    ["`packaging`: expected lower-case letters, digits and hyphens, then `.series`."],
  ],
  [
    "a packaging patch without fields",
    { [`${demo}/packaging/series`]: "one.patch\n", [`${demo}/packaging/one.patch`]: mail("One", diff, { Fields: "Seed: none" }) },
    [`${demo}/packaging/one.patch:9:1: The last paragraph of the message lacks the field \`Origin:\` (DEP-3).`],
  ],

  ["a missing series", series(undefined), [`${demo}/series:1:1: This file cannot be read`]],
  [
    "a series with a missing patch",
    series("greet-world.patch\ngreet-all.patch\ngreet-none.patch\n"),
    [`${demo}/series:3:1: Patch \`greet-none.patch\` is listed, but the file does not exist.`],
  ],
  [
    "a series with a patch twice",
    series("greet-world.patch\ngreet-all.patch\n greet-world.patch\n"),
    [`${demo}/series:3:2: Patch \`greet-world.patch\` is listed twice.`],
  ],
  [
    "a patch that the series does not list",
    series("greet-world.patch\n"),
    [`${demo}/greet-all.patch:1:1: This patch is not listed in \`series\`.`],
  ],
  [
    "a series with a path",
    series("greet-world.patch\ngreet-all.patch\n../../../etc/passwd\n"),
    ["series:3:1: `../../../etc/passwd` is not a patch name"],
  ],
  [
    "a series with a quilt option",
    series("greet-world.patch -p0\ngreet-all.patch\n"),
    ["series:1:1: `greet-world.patch -p0` is not a patch name"],
  ],
  [
    "a series with a numbered name in capitals",
    { ...series("0001-Greet_All.patch\n"), [`${demo}/0001-Greet_All.patch`]: world },
    ["series:1:1: `0001-Greet_All.patch` is not a patch name"],
  ],
  [
    "a series with five problems",
    { ...series("greet-world.patch\ngreet-world.patch\nnone.patch\n"), ...first("") },
    [
      "series:2:1:",
      "series:3:1:",
      "greet-all.patch:1:1: This patch is not listed",
      "greet-world.patch:1:1: This patch is empty.",
    ],
  ],

  ["an empty patch", first(""), [`${demo}/greet-world.patch:1:1: This patch is empty.`]],
  ["a patch of blank lines", first("\n \n"), ["greet-world.patch:1:1: This patch is empty."]],
  [
    "a patch without a mail header",
    first(diff),
    ["greet-world.patch:1:1: The mail header lacks `From:`, `Date:`, `Subject:`; create patches with `git format-patch -N`."],
  ],
  [
    "a patch without an author",
    first(world.replace(/^From: .*\n/m, "")),
    ["greet-world.patch:1:1: The mail header lacks `From:`"],
  ],
  [
    "a patch with an author without an email address",
    first(world.replace(/<.*>/, "")),
    ["greet-world.patch:2:1: `From: Pat Cher` is not a valid mail header."],
  ],
  [
    "a patch with an invalid date",
    first(world.replace(/^Date: .*/m, "Date: yesterday")),
    ["greet-world.patch:3:1: `Date: yesterday` is not a valid mail header"],
  ],
  [
    "a patch without a subject",
    first(world.replace("[PATCH] Greet the world", "")),
    ["greet-world.patch:4:1: `Subject:` is not a valid mail header"],
  ],
  [
    "a patch without DEP-3 fields",
    first(mail("Greet", diff, { Fields: "More." })),
    [
      "greet-world.patch:9:1: The last paragraph of the message lacks the field `Origin:` (DEP-3).",
      "`Forwarded:`",
      "`Seed:`",
      "`Last-Update:`",
    ],
  ],
  [
    "a patch with DEP-3 fields that are not in the last paragraph",
    first(world.replace("\n---\n", "\n\nThat is it.\n---\n")),
    ["lacks the field `Origin:`"],
  ],
  [
    "a patch with invalid DEP-3 fields",
    first(mail("Greet", diff, { Fields: "Origin: me\nForwarded: maybe\nSeed: aaa\nLast-Update: today" })),
    [
      "greet-world.patch:8:1: Field `Origin: me`",
      "greet-world.patch:9:1: Field `Forwarded: maybe`",
      "greet-world.patch:10:1: Field `Seed: aaa`",
      "greet-world.patch:11:1: Field `Last-Update: today`",
    ],
  ],
  [
    "a patch with carriage returns",
    first(world.replaceAll("\n", "\r\n")),
    ["greet-world.patch:1:1: A line of the header or message ends with a carriage return; these must have Unix line ends."],
  ],
  [
    "a patch with a carriage return in its message",
    first(world.replace("Why.", "Why.\r")),
    ["greet-world.patch:6:1: A line of the header or message ends with a carriage return"],
  ],
  [
    "a patch in base64",
    first(world.replace("Subject:", "Content-Transfer-Encoding: base64\nSubject:")),
    ["greet-world.patch:4:1: `Content-Transfer-Encoding: base64`: a patch must be plain UTF-8 text."],
  ],
  [
    "a file with two patches",
    first(`${world}\n${mail("Again", diff)}`),
    ["greet-world.patch:21:1: A second mail starts here; a file must hold one patch."],
  ],
  [
    "a message with what begins a mail in a mailbox",
    first(world.replace("Why.", "From pat Thu Jan  4 10:23:45 2024")),
    ["greet-world.patch:6:1: A second mail starts here"],
  ],
  ["a patch without a diff", first(mail("Greet", "")), ["greet-world.patch:1:1: git cannot read a diff here"]],
  [
    "a truncated patch",
    first(world.replace("+hello world\n", "")),
    ["greet-world.patch:19:1: git cannot read a diff here: corrupt patch at line 19."],
  ],
  [
    "a patch that is not in git's format",
    first(mail("Greet", diff.replace(/^diff.*\n/, ""))),
    ["greet-world.patch:12:1: The diff is not in git's format"],
  ],
  [
    "a patch that is a folder",
    { [`${demo}/greet-world.patch`]: undefined, [`${demo}/greet-world.patch/x`]: "" },
    ["greet-world.patch:1:1: This patch cannot be read: it is a folder, not a regular file."],
  ],

  [
    "a patch to a path above the tree",
    first(mail("Up", newFile("../evil.txt", "x"))),
    ["greet-world.patch:14:1: Path `../evil.txt` is outside the source tree."],
  ],
  [
    "a patch to a path above the tree, from inside",
    first(mail("Up", newFile("lib/../../evil.txt", "x"))),
    ["Path `lib/../../evil.txt` is outside"],
  ],
  [
    "a patch to an absolute path",
    first(mail("Root", newFile("/etc/evil", "x"))),
    ["greet-world.patch:14:1: Path `/etc/evil` is outside the source tree."],
  ],
  [
    "a patch into .git",
    first(mail("Hook", newFile(".git/hooks/post-checkout", "x", "100755"))),
    ["Path `.git/hooks/post-checkout` is outside"],
  ],
  [
    "a patch into a .GIT of a folder",
    first(mail("Hook", newFile("lib/.GIT/config", "x"))),
    ["Path `lib/.GIT/config` is outside"],
  ],
  [
    "a patch into a .git in disguise",
    first(mail("Hook", newFile("x", "x").replaceAll(/([ab])\/x/g, '"$1/\\056git/x"'))),
    ["Path `.git/x` is outside"],
  ],
  [
    "a patch that copies a file from outside the tree",
    first(mail("Copy", "diff --git a/../secret b/copy\nsimilarity index 100%\ncopy from ../secret\ncopy to copy\n")),
    ["greet-world.patch:14:1: Path `../secret` is outside"],
  ],
  [
    "a patch that writes through a link that it makes",
    first(mail("Link", newFile("out", "/etc", "120000") + newFile("out/evil", "x"))),
    ["greet-world.patch:1:1: Path `out/evil` goes through a symbolic link of this series."],
  ],
  [
    "a patch that writes through a link that an earlier patch makes",
    {
      ...first(mail("Link", newFile("out", "/etc", "120000"))),
      [`${demo}/greet-all.patch`]: mail("Through", newFile("out/evil", "x")),
    },
    ["greet-all.patch:1:1: Path `out/evil` goes through a symbolic link of this series."],
  ],
];

describe.concurrent("wrong project files", () => {
  test.for(rows)("%s", async ([, files, says], { folder }) => {
    await complains(await writeProject(folder, files), ["--target", "linux"], { exitCode: 2, says });
  });
});
