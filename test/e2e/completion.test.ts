import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { makeBin } from "../helpers/bin.ts";
import { cli, kovnBuild, run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { writeFiles, writeProject } from "../helpers/project.ts";
import { openShell, type Shell } from "../helpers/terminal.ts";

/** Asks what may stand for the last of some words. */
async function offered(folder: string, words: readonly string[]): Promise<readonly string[]> {
  const { exitCode, stdout, stderr } = await kovnBuild(folder, ["completion", "bash", "--", ...words]);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  return stdout.split("\n").map((line) => line.replace(/\t.*/, ""));
}

describe.concurrent("completion offers", () => {
  const cases: Readonly<Record<string, readonly [words: readonly string[], offer: readonly string[]]>> = {
    commands: [["pat"], ["patches"]],
    "commands of a group": [
      ["cache", ""],
      ["list", "why", "prune", "path", "help"],
    ],
    "the group after help": [["help", "cac"], ["cache"]],
    "options of the default command": [["--tar"], ["--target"]],
    "options of a command": [
      ["patches", "list", "--"],
      ["--line", "--json", "--help"],
    ],
    "an option that may be repeated again": [["--from", "auto", "--target", "linux", "--fr"], ["--from"]],
    "no option twice": [["--target", "linux", "--tar"], [""]],
    lines: [["--line", ""], ["1.0"]],
    "lines after =": [["plan", "--line=1"], ["--line=1.0"]],
    targets: [["--target", ""], ["linux"]],
    jobs: [["--target", "linux", "--only", "d"], ["demo"]],
    "jobs of the target only": [["--target", "windows", "--only", ""], [""]],
    variants: [["plan", "--variant", ""], ["default"]],
    architectures: [["plan", "--arch", "arm"], ["arm64"]],
    roots: [
      ["--root", "debian:1"],
      ["debian:12", "debian:13"],
    ],
    sources: [["patches", "apply", ""], ["demo"]],
    "a folder after the source": [["patches", "apply", "demo", ""], [":folders "]],
    "patches of a source": [
      ["patches", "drop", "demo", ""],
      ["first", "second"],
    ],
    "no patch twice": [["patches", "drop", "demo", "first", ""], ["second"]],
    "patches as values of options": [["patches", "move", "demo", "first", "--after", "s"], ["second"]],
    entries: [
      ["patches", "prove", "1"],
      ["1", "12"],
    ],
    choices: [["patches", "prove", "--runner", "w"], ["wine"]],
    "ways to get sources": [
      ["--from", ""],
      ["auto", "git", "apt", "demo="],
    ],
    "clones for a pin": [["patches", "check", "--from", ""], ["demo="]],
    "a folder after the name of a source": [["--from", "demo=../x"], [":folders demo="]],
    "a folder after an option and the name of a source": [["plan", "--from=demo="], [":folders --from=demo="]],
    destinations: [
      ["publish", "--to", ""],
      ["apt=", "dir=", "tar=", "github", "oci="],
    ],
    "destinations that can be yanked": [
      ["release", "yank", "--to", ""],
      ["apt=", "dir="],
    ],
    "nothing for a registry": [["publish", "--to", "oci=local"], [""]],
    "a file to write": [["publish", "--to", "tar=b"], [":files tar="]],
    artifacts: [["publish", ""], [":files "]],
    shells: [["completion", "f"], ["fish"]],
    "nothing for a number": [["--jobs", ""], [""]],
    "nothing for an option that does not exist": [["plan", "--nothing=1"], [""]],
  };
  test.for(Object.entries(cases))("%s", async ([, [words, expected]], { folder }) => {
    const project = await writeProject(folder);
    await writeFiles(project, {
      "patches/1.0/demo/series": "first.patch # why\n# gone.patch\n\nsecond.patch\n$(touch owned).patch\n",
      "patches/seed.yaml": ["1", "12", "2"]
        .map((entry) => `- { entry: ${entry}, commit: ${"a".repeat(40)}, repository: a/b, source: demo, title: T }\n`)
        .join(""),
    });
    expect(await offered(project, words)).toEqual(expected);
  });
});

test("completion says what is wrong with a project on stderr only, which the shells drop", async ({ folder }) => {
  const project = await writeProject(folder);
  await writeFiles(project, { "patches/lines.yaml": "default: x\n" });
  const { exitCode, stdout, stderr } = await kovnBuild(project, ["completion", "bash", "--", "plan", "--line", ""]);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
  expect(stderr).toContain("patches/lines.yaml");
});

/** The lines that make a shell complete, as the documentation has them. */
const shells = {
  bash: { start: "bash --norc --noprofile -i", load: 'eval "$(kovn-build completion bash)"' },
  zsh: { start: "PS1='$ ' zsh -f -i", load: 'autoload -Uz compinit && compinit -u; eval "$(kovn-build completion zsh)"' },
  fish: {
    start: "fish --no-config -i",
    load: "function fish_prompt; echo '$ '; end; function fish_greeting; end; kovn-build completion fish | source",
  },
};

/** Types the start of a command line and Tab, and waits for what the shell makes of it. Then clears the line. */
async function completes(shell: Shell, typed: string, whole: string): Promise<void> {
  shell.type(`${typed}\t`);
  await shell.shows(new RegExp(whole.replaceAll(/[.$\\]/g, String.raw`\$&`)));
  shell.type("\x15");
}

describe.each(Object.entries(shells))("%s", (name, { start, load }) => {
  test.skipIf(!existsSync(`/usr/bin/${name}`))(
    "completes commands, options, values of the project and paths, and runs nothing that is typed",
    { timeout: 300_000 },
    async ({ folder }) => {
      const project = await writeProject(folder);
      await mkdir(join(project, "my dir"));
      await using bin = await makeBin({ "kovn-build": `exec '${process.execPath}' '${cli}' "$@"` });
      await using shell = await openShell(project, 100, 30);
      shell.type(`export PATH='${bin.path}':"$PATH"; exec env ${start}\r`);
      await shell.shows(/[$#>] \s*$/);
      shell.type(`${load}; echo lo""aded\r`);
      await shell.shows(/loaded/);
      await completes(shell, "kovn-build doc", "kovn-build doctor ");
      await completes(shell, "kovn-build patches li", "kovn-build patches list ");
      await completes(shell, "kovn-build plan --line=", "kovn-build plan --line=1.0 ");
      await completes(shell, "kovn-build plan --target linux --root debian:13", "debian:13 ");
      await completes(shell, "kovn-build plan --from d", "--from demo=");
      await completes(shell, "kovn-build plan --from demo=pat", "--from demo=patches/");
      await completes(shell, "kovn-build publish --to apt=my", String.raw`apt=my\ dir/`);
      await completes(shell, "kovn-build patches apply '$(touch owned)' `touch owned` --line ", "--line 1.0");
      expect(existsSync(join(project, "owned"))).toBe(false);
    },
  );
});

test("the npm package has the completions and the manual page", async ({ folder }) => {
  const pack = ["npm", "pack", "--dry-run", "--json", "--ignore-scripts"];
  const { stdout } = await run(process.cwd(), pack, { HOME: folder });
  const [{ files }] = JSON.parse(stdout) as [{ files: readonly { path: string }[] }];
  const names = files.map(({ path }) => path);
  for (const shell of Object.keys(shells)) expect(names).toContain(`completions/kovn-build.${shell}`);
  expect(names).toContain("docs/kovn-build.1");
});
