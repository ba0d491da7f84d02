import { once } from "node:events";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";

/** A new gpg key pair in a home of its own; its agent is stopped with `await using`. */
export async function makeKey(): Promise<
  { readonly env: { GNUPGHOME: string }; readonly id: string; readonly ring: string } & AsyncDisposable
> {
  // The path of an agent's socket may have about a hundred characters.
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  const env = { GNUPGHOME: home };
  const id = "release@example.com";
  await execa("gpg", ["--batch", "--passphrase", "", "--quick-generate-key", `Release <${id}>`, "ed25519", "sign", "never"], {
    env,
  });
  const ring = join(home, "public.gpg");
  await execa("gpg", ["--batch", "--output", ring, "--export", id], { env });
  const end = async () => {
    await execa("gpgconf", ["--kill", "all"], { env });
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  };
  return { env, id, ring, [Symbol.asyncDispose]: end };
}

/** A folder over HTTP (python3's http.server) on a free port of the loopback address. */
export async function serve(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const args = ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", folder];
  const server = spawn("/usr/bin/python3", args, { stdio: ["ignore", "pipe", "ignore"] });
  const [line] = (await once(createInterface(server.stdout), "line")) as [string];
  const port = /port (\d+)/.exec(line)?.[1] ?? "";
  const end = async () => {
    server.kill();
    await once(server, "exit");
  };
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: end };
}

/**
 * An apt with folders, sources and keys of its own. `run` returns whatever apt-get's exit code is.
 */
export async function makeApt(folder: string, source: string) {
  await mkdir(join(folder, "state/lists/partial"), { recursive: true });
  await mkdir(join(folder, "cache/archives/partial"), { recursive: true });
  await writeFile(join(folder, "status"), "");
  await writeFile(join(folder, "sources.list"), `${source}\n`);
  const settings = [
    `Dir::State "${folder}/state";`,
    `Dir::State::status "${folder}/status";`,
    `Dir::Cache "${folder}/cache";`,
    `Dir::Etc::sourcelist "${folder}/sources.list";`,
    `Dir::Etc::sourceparts "-";`,
    `Dir::Etc::parts "-";`,
    `Dir::Etc::main "-";`,
    'APT::Architecture "amd64";',
    'APT::Architectures { "amd64"; };',
    'APT::Sandbox::User "root";',
    'APT::Update::Error-Mode "any";',
    'Acquire::Languages "none";',
    'Acquire::Retries "0";',
  ];
  await writeFile(join(folder, "apt.conf"), `${settings.join("\n")}\n`);
  const env = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", APT_CONFIG: join(folder, "apt.conf") };
  return async (...args: readonly string[]) => {
    const result = await execa("apt-get", ["-q", ...args], { cwd: folder, env, extendEnv: false, reject: false, all: true });
    return { exitCode: result.exitCode ?? 128, output: result.all };
  };
}

/** Publishes revisions one after the other to `repo` in a folder; returns the last result. */
export async function publishRevisions(folder: string, revisions: readonly number[], options: readonly string[] = [], env = {}) {
  let result = { exitCode: -1, stdout: "", stderr: "" };
  for (const revision of revisions) {
    const dist = await makeDist(join(folder, `dist-${revision}`), { revision });
    result = await kovnBuild(folder, ["publish", dist, "--to", "apt=repo", ...options], env);
  }
  return result;
}

/** The versions of `demo` that the index offers. */
export async function offered(folder: string, repository = "repo") {
  const text = await readFile(join(folder, repository, "dists/bookworm/1.0/binary-amd64/Packages"), "utf8");
  return [...text.matchAll(/^Package: demo\n(?:.+\n)*?Version: .*kovn(\d+)\./gm)].map((match) => Number(match[1]));
}
