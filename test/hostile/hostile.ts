import { cp, lstat, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { execa } from "execa";
import { judge } from "../fuzz/judge.ts";
import { chanceOf } from "../fuzz/mutate.ts";
import { readCampaign, type Campaign } from "../helpers/campaign.ts";
import { cli, kovnBuild, type CliResult } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { startGitHub } from "../helpers/github.ts";
import { commitAll, inGit, makeProject } from "../helpers/project.ts";
import { startHostileGitHub } from "./github.ts";
import { readers, type Reader } from "./readers.ts";

export interface HostileOptions extends Campaign {
  /** Called with the number of inputs that are done, and what is wrong with the last one. */
  readonly onDone?: (done: number, failure: string | undefined) => void;
}

/** How the inputs of a reader ended, and the most that one of them took. */
export interface Tally {
  accepted: number;
  refused: number;
  failed: number;
  /** Milliseconds. */
  longest: number;
  /** Bytes. */
  memory: number;
}

/** What a command may take. */
const limits = { ms: 20_000, bytes: 300e6, text: 20_000 };

/**
 * Runs the real program on inputs that somebody made to harm it: each reader in turn, each input in
 * a folder and a process of its own. It must end within 20 seconds with exit code 0, 1 or 2, without
 * a stack trace, without control characters on the terminal, with less than 300 MB of memory, and
 * write nowhere else. The folder of an input that fails is kept.
 */
export async function runHostile({
  count,
  seed,
  parallel,
  onDone,
}: HostileOptions): Promise<{ readonly tallies: ReadonlyMap<string, Tally>; readonly failures: readonly string[] }> {
  const root = await mkdtemp(join(tmpdir(), "kovn-hostile-"));
  const base = await makeBase(root);
  const failures: string[] = [];
  const tallies = new Map(readers.map(({ name }) => [name, { accepted: 0, refused: 0, failed: 0, longest: 0, memory: 0 }]));
  let next = seed;
  let done = 0;
  const work = async () => {
    while (next < seed + count) {
      const number = next++;
      const reader = readers[number % readers.length] as Reader;
      const tally = tallies.get(reader.name) as Tally;
      const { what, result, wrong, ms, bytes } = await attempt(base, join(root, String(number)), reader, number);
      tally.longest = Math.max(tally.longest, ms);
      tally.memory = Math.max(tally.memory, bytes);
      let failure: string | undefined;
      if (wrong === undefined) {
        tally[result === 0 ? "accepted" : "refused"]++;
        await rm(join(root, String(number)), { recursive: true, force: true });
      } else {
        tally.failed++;
        failure = `${number}: ${reader.name}, ${what}: ${wrong.slice(0, 2000)}\n  again: npm run test:hostile -- --seed ${number} --count 1\n  kept:  cd ${join(root, String(number), "project")} && kovn-build ${reader.args.join(" ")}`;
        failures.push(failure);
      }
      onDone?.(++done, failure);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  await rm(failures.length === 0 ? root : base.folder, { recursive: true, force: true });
  return { tallies, failures };
}

interface Base {
  readonly folder: string;
  readonly commit: string;
}

const releaseFile = `to: [dir=../out, apt=../apt]
keep: 3
only:
  lines: ["1.0"]
  targets: [linux]
`;

/** What each input starts from: a project that was built once, packages, a bundle, two repositories. */
async function makeBase(root: string): Promise<Base> {
  const folder = join(root, "base");
  await mkdir(folder);
  const project = await makeProject(folder, { ".gitignore": ".kovn/\ndist/\n", "release.yaml": releaseFile });
  for (const name of ["home", "tmp", "outside"]) await mkdir(join(folder, name));
  await mkdir(join(folder, "gnupg"), { mode: 0o700 });
  await writeFile(join(folder, "outside/canary"), "canary\n");
  const env = { GNUPGHOME: join(folder, "gnupg"), HOME: join(folder, "home") };
  const must = async (...args: readonly string[]) => {
    const result = await kovnBuild(project, args, env);
    if (result.exitCode !== 0) throw new Error(`${args.join(" ")}: ${result.stderr}`);
  };
  const key = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "release@example.com", "ed25519", "sign", "never"];
  await execa("gpg", key, { env });
  await must("patches", "lock");
  await must("--target", "linux");
  await must("patches", "apply", "demo", "tree");
  await rm(join(project, "tree"), { recursive: true });
  await inGit(project, "init", "--quiet", "--initial-branch=main");
  const commit = await commitAll(project, "First");
  await inGit(project, "tag", "v1.0.0");
  await makeDist(join(folder, "first"));
  await makeDist(join(folder, "next"), { revision: 2 });
  await must("publish", "../first", "--to", "apt=../apt");
  await must("publish", "../first", "--to", "apt=../signed", "--sign", "release@example.com");
  await must("publish", "../first", "--to", "tar=../bundle.tar");
  await execa("gpgconf", ["--kill", "all"], { env });
  return { folder, commit };
}

async function attempt(base: Base, folder: string, reader: Reader, number: number) {
  const chance = chanceOf(number);
  await cp(base.folder, folder, { recursive: true, verbatimSymlinks: true, filter: (path) => !/\/S\.[^/]*$/.test(path) });
  const harmed = await reader.harm?.(folder, chance);
  const before = await listing(folder);
  await using real = await startGitHub({ tags: { "v1.0.0": base.commit } });
  await using server = await startHostileGitHub(real, chance);
  const memory = join(folder, "tmp/memory");
  const started = performance.now();
  const child = execa(process.execPath, ["--import", resolve("test/hostile/measure.mjs"), cli, ...reader.args], {
    cwd: join(folder, "project"),
    env: {
      PATH: process.env["PATH"] ?? "",
      HOME: join(folder, "home"),
      TMPDIR: join(folder, "tmp"),
      GNUPGHOME: join(folder, "gnupg"),
      HOSTILE_PARENT: String(process.pid),
      HOSTILE_MEMORY: memory,
      ...(harmed === undefined ? { GITHUB_TOKEN: real.token, GITHUB_API_URL: server.url } : {}),
    },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    timeout: limits.ms,
    forceKillAfterDelay: 6000,
    maxBuffer: 10_000_000,
  });
  const { exitCode = 128, stdout, stderr, timedOut } = await child;
  const ms = Math.round(performance.now() - started);
  const bytes = Number(await readFile(memory, "utf8").catch(() => "0"));
  await rm(memory, { force: true });
  const outside = changed(before, await listing(folder)).filter(
    (path) => !reader.writes.test(path) && !/^(tmp|home|gnupg)(\/|$)/.test(path),
  );
  const ended = { exitCode, stdout, stderr, bytes, isLate: timedOut };
  return { what: harmed ?? server.what, result: exitCode, wrong: judgeEnd(ended, outside), ms, bytes };
}

interface Ended extends CliResult {
  readonly bytes: number;
  readonly isLate: boolean;
}

/** What is wrong with the way the program ended, and the paths that it should not have changed. */
function judgeEnd({ bytes, isLate, ...result }: Ended, outside: readonly string[]): string | undefined {
  const { exitCode, stdout, stderr } = result;
  // GitHub may ask for a longer wait, which is announced.
  if (isLate) return /\b(403|429|5\d\d)\b.*; retrying in /.test(stderr) ? undefined : `does not end within 20 s: ${stderr}`;
  const wrong = judge({ ...result, stdout: exitCode === 0 ? stdout : "" }, [0, 1, 2]);
  if (wrong !== undefined) return wrong;
  if (outside.length > 0) return `writes elsewhere: ${outside.slice(0, 5).join(", ")}`;
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/.test(stdout + stderr))
    return `sends control characters: ${JSON.stringify(stderr)}`;
  if (stderr.length > limits.text) return `says ${stderr.length} characters`;
  return bytes > limits.bytes ? `takes ${Math.round(bytes / 1e6)} MB` : undefined;
}

/** Everything in a folder by path, with what would show a change; nothing is opened. */
async function listing(folder: string): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const walk = async (path: string): Promise<void> => {
    for (const one of await readdir(join(folder, path), { withFileTypes: true })) {
      const below = join(path, one.name);
      const { mode, size, mtimeMs, uid } = await lstat(join(folder, below));
      found.set(below, one.isDirectory() ? `${mode}` : `${mode} ${uid} ${size} ${mtimeMs}`);
      if (one.isDirectory()) await walk(below);
    }
  };
  await walk("");
  return found;
}

function changed(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((path) => before.get(path) !== after.get(path));
}

/** `npm run test:hostile -- --count 1000 --seed 1 --parallel 2` */
if (process.argv[1]?.endsWith("hostile.ts") === true) {
  const campaign = readCampaign(1000);
  const { count, seed } = campaign;
  const started = performance.now();
  const onDone = (done: number, failure: string | undefined) => {
    if (failure !== undefined) process.stdout.write(`${failure}\n`);
    if (done % 50 === 0) process.stderr.write(`${done} of ${count}\n`);
  };
  const { tallies, failures } = await runHostile({ ...campaign, onDone });
  const used = [...tallies].filter(([, tally]) => tally.longest > 0);
  for (const [name, { accepted, refused, failed, longest, memory }] of used)
    process.stdout.write(
      `${name}: ${accepted} accepted, ${refused} refused, ${failed} failed; at most ${(longest / 1000).toFixed(1)} s, ${Math.round(memory / 1e6)} MB\n`,
    );
  const minutes = (performance.now() - started) / 60_000;
  process.stdout.write(`seed ${seed}: ${count} inputs, ${failures.length} failed, ${minutes.toFixed(1)} minutes\n`);
  if (failures.length > 0) process.exitCode = 1;
}
