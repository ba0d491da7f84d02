import { describe } from "vitest";
import { test } from "../helpers/folder.ts";
import { pipelineYaml, writeProject } from "../helpers/project.ts";
import { complains } from "../helpers/wrong.ts";

/** Arguments, and parts of the message: what is wrong, what is available, what to type. All end with exit code 2. */
const rows: readonly (readonly [string, readonly string[]])[] = [
  ["biuld", ["Command `biuld` is unknown. Available: `build`, `init`, `status`,", "-> Did you mean `build`?"]],
  ["pla --target linux", ["Command `pla` is unknown.", "-> Did you mean `plan`?"]],
  ["patches", ["Command `kovn-build patches` needs a subcommand: `list`, `apply`,", "-> kovn-build patches --help"]],
  ["patches aply demo tree", ["Command `aply` is unknown. Available: `list`, `apply`,", "-> Did you mean `apply`?"]],
  ["patches apply demo", ["Missing required argument 'dir'.", "-> kovn-build patches apply --help"]],
  ["--traget linux", ["Option `--traget` is unknown. Available: `--target`,", "-> Did you mean `--target`?"]],
  ["--target linux --onyl demo", ["Option `--onyl` is unknown.", "`--only`", "-> Did you mean `--only`?"]],
  ["plan --target linux --jobs 2", ["Option `--jobs` is unknown. Available: `--target`, `--toolchain`,"]],
  ["--target linux -x", ["Option `-x` is unknown."]],
  ["--target", ["Option '--target <target>' argument missing."]],
  ["--target linux extra", ["Too many arguments for 'build'."]],
  ["plan --target linxu", ["Target `linxu` is unknown. Available: `linux`.", "-> Did you mean `linux`?"]],
  ["plan --target constructor", ["Target `constructor` is unknown. Available: `linux`."]],
  ["--target linux --line 1.1", ["Line `1.1` is unknown. Available: `1.0`.", "-> Did you mean `1.0`?"]],
  ["--target linux --line ../1.0", ["Line `../1.0` is unknown. Available: `1.0`."]],
  ["--target linux --only dmeo", ["Job `dmeo` is unknown. Available: `demo`, `other`.", "-> Did you mean `demo`?"]],
  ["--target linux --only constructor", ["Job `constructor` is unknown."]],
  [
    "--target linux --variant legasy",
    ["Variant `legasy` is unknown. Available: `legacy`, `default`.", "-> Did you mean `legacy`?"],
  ],
  ["--target linux --arch amd46", ["Architecture `amd46` is unknown. Available: `amd64`, `arm64`.", "-> Did you mean `amd64`?"]],
  [
    `--target linux --arch ${process.arch === "arm64" ? "amd64" : "arm64"}`,
    ["is not this machine's", "-> cross-compile in a root: kovn-build --target linux --root debian:12 --arch"],
  ],
  ["--target linux --jobs 0", ["'--jobs <n>' argument '0' is invalid. Expected a positive integer."]],
  ["--target linux --jobs -1", ["'--jobs <n>' argument '-1' is invalid."]],
  ["--target linux --jobs 1.5", ["'--jobs <n>' argument '1.5' is invalid."]],
  ["--target linux --jobs many", ["'--jobs <n>' argument 'many' is invalid."]],
  ["--target linux --jobs 0x10", ["'--jobs <n>' argument '0x10' is invalid."]],
  ["--target linux --jobs 99999999999999999999", ["argument '99999999999999999999' is invalid."]],
  [
    "--target linux --from gitt",
    ["Value of --from `gitt` is unknown. Available: `auto`, `git`, `apt`, `demo=PATH_OR_URL`.", "-> Did you mean `git`?"],
  ],
  ["--target linux --from dmeo=../demo", ["Source `dmeo` is unknown. Available: `demo`.", "-> Did you mean `demo`?"]],
  ["--target linux --from demo=", ["Value of --from `demo=` is unknown."]],
  ["--target linux --from apt", ["Source `demo` has no Debian package as an alternate.", "-> --from demo=PATH_OR_URL"]],
  [
    "--target linux --remote-cache cache.example.com",
    [
      "Remote cache `cache.example.com` is neither http://HOST[:PORT]/PATH nor redis://HOST[:PORT].",
      "-> --remote-cache redis://",
    ],
  ],
  [
    "--target linux --no-cache --remote-cache redis://x",
    ["Option '--remote-cache <url>' cannot be used with option '--no-cache'."],
  ],
  ["--target linux --no-cache --distcc localhost", ["Option '--distcc <hosts>' cannot be used with option '--no-cache'."]],
  ["--target linux --remote-cache ftp://example.com", ["Remote cache `ftp://example.com` is neither http://"]],
  ["patches apply dmeo tree", ["Source `dmeo` is unknown. Available: `demo`.", "-> Did you mean `demo`?"]],
  ["patches apply demo patches", ["is not empty.", "-> name a folder that does not exist yet"]],
  ["patches apply demo patches/seed.yaml", ["patches/seed.yaml cannot be used"]],
  ["patches apply demo tree --until none", ["Source `demo` has no patch `none`."]],
  ["patches drop demo none", ["Source `demo` has no patch `none`.", "-> kovn-build patches list --line 1.0"]],
  ["patches move demo greet-all", ["Expected one of `--before`, `--after` and `--to`."]],
  ["patches move demo greet-all --to 1 --before greet-world", ["Expected one of `--before`, `--after` and `--to`."]],
  ["patches rename demo greet-all Other", ["`Other` is not a patch name"]],
  ["patches edit demo", ["Expected a patch, or one of `--continue`, `--skip` and `--abort`."]],
  ["patches edit demo greet-all --skip", ["Expected a patch, or one of `--continue`, `--skip` and `--abort`."]],
  ["patches edit demo greet-all", ["A shell needs a terminal for stdin and stderr", "patches edit demo greet-all -- COMMAND"]],
  ["patches list --line 2.0", ["Line `2.0` is unknown. Available: `1.0`."]],
  ["patches lock --from apt", ["Value of --from `apt` is unknown. Available: `demo=PATH_OR_URL`."]],
  ["patches check --from git", ["Value of --from `git` is unknown."]],
];

const pipeline = pipelineYaml("true")
  .replace("flags: {", "flags: { legacy: { amd64: -O1, arm64: -O1 },")
  .concat("  other: { source: demo, steps: [{ uses: shell, with: { script: 'true' } }], artifacts: ['*'] }\n");

describe.concurrent("wrong arguments", () => {
  test.for(rows)("kovn-build %s", async ([line, says], { folder }) => {
    const project = await writeProject(folder, { "pipelines/test.yaml": pipeline });
    const args = line.split(" ").filter((word) => word !== "");
    await complains(project, args, { exitCode: 2, says });
  });
});
