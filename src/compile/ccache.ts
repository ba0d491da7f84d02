import { mkdir, mkdtemp, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { BuildError, refusalOf } from "../errors.ts";
import type { CompilerStats } from "../dist/manifest.ts";
import { tryExec, type ExecResult, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { whyUnreachable } from "../sys/reach.ts";
import { makeRecord } from "../record.ts";
import { readText } from "../sys/read-file.ts";
import type { Distcc } from "./distcc.ts";

/** What steps need to compile through ccache(1). */
export interface CompilerCache {
  /** The folder of compilers that run ccache; it comes first in PATH. */
  readonly path: string;
  /** The environment of a job's programs; `dir` is the job's folder. */
  env(dir: string): Readonly<Record<string, string>>;
  /** How many compilations the hosts of distcc take at once; 0 without distcc. */
  readonly slots: number;
  /** What ccache did in a job; undefined when nothing was compiled through it. */
  stats(dir: string): Promise<CompilerStats | undefined>;
}

export interface CompilerCacheOptions {
  /** The folder of kovn-build's cache; ccache's folder lies in it. */
  readonly cache: string;
  /** Where machines share compilations, as ccache's `remote_storage`. */
  readonly remote: string | undefined;
  /** What compiles code that ccache does not have; undefined when this machine does. */
  readonly distcc: Distcc | undefined;
  readonly host: Host;
  readonly notice: (message: string) => void;
  /** The root that jobs are built in, which has ccache; undefined for the machine itself. */
  readonly tree?: string | undefined;
}

/** Debian's folder of compilers that are links to ccache. */
const links = "/usr/lib/ccache";
/** Enough for some ten variants of Open vSwitch and OVN. */
const maxBytes = 2e9;

/**
 * Sets up ccache and probes its remote storage. Reports what cannot be used; undefined without
 * ccache.
 */
export async function openCompilerCache({
  cache,
  remote,
  distcc,
  host,
  notice,
  tree,
}: CompilerCacheOptions): Promise<CompilerCache | undefined> {
  if (tree === undefined && !(await hasCcache(host))) {
    const unused = [...(remote === undefined ? [] : ["--remote-cache"]), ...(distcc === undefined ? [] : ["--distcc"])];
    for (const option of unused) notice(`Program \`ccache\` is not installed: ${option} is not used. (apt-get install ccache)`);
    return undefined;
  }
  const why = remote === undefined ? undefined : await whyUnreachable(addressOf(remote));
  if (why !== undefined) notice(`Remote cache ${remote} cannot be reached (${why}): the build continues without it.`);
  const storage = remote === undefined || why !== undefined ? {} : { CCACHE_REMOTE_STORAGE: remote };
  const folder = compilationsDir(cache);
  const refused = await whyUnwritable(folder);
  if (refused !== undefined) notice(`Compilations cannot be stored in ${folder}: ${refused}.`);
  return {
    path: links,
    slots: distcc?.slots ?? 0,
    env: (dir) => ({
      CCACHE_DIR: folder,
      // Otherwise ccache and the compilation would fail. Even read-only it puts temporary files
      // into its folder by default.
      ...(refused === undefined ? {} : { CCACHE_READONLY: "1", CCACHE_TEMPDIR: join(dir, "tmp") }),
      CCACHE_MAXSIZE: `${maxBytes / 1e9}G`,
      // Compilers are compared by content, so that the same compiler on another machine counts as
      // the same.
      CCACHE_COMPILERCHECK: "content",
      // ccache does not notice another assembler, which comes from another package.
      CCACHE_EXTRAFILES: "/usr/bin/as",
      // ccache makes paths below it relative, so that the folders of all runs look the same.
      CCACHE_BASEDIR: join(dir, ".."),
      CCACHE_STATSLOG: logOf(dir),
      ...storage,
      ...distcc?.env,
    }),
    stats: async (dir) => countStats(await readText(logOf(dir), "a log").catch(() => "")),
  };
}

/** ccache's folder in the cache. */
export function compilationsDir(cache: string): string {
  return join(cache, "ccache");
}

/**
 * The size and the limit of ccache's folder, in bytes; undefined without such a folder or without
 * ccache.
 */
export async function compilations(
  cache: string,
  host: Host,
): Promise<{ readonly size: number; readonly limit: number } | undefined> {
  const said = await askCcache(cache, "--print-stats", host);
  const size = /^cache_size_kibibyte\t(\d+)$/m.exec(said ?? "")?.[1];
  return size === undefined ? undefined : { size: Number(size) * 1024, limit: maxBytes };
}

/** Removes all cached compilations; safe while others compile. */
export async function forgetCompilations(cache: string, host: Host): Promise<void> {
  await askCcache(cache, "--clear", host);
}

/** Runs ccache on its folder in the cache; undefined without such a folder or without ccache. */
async function askCcache(cache: string, option: string, host: Host): Promise<string | undefined> {
  const folder = compilationsDir(cache);
  if (!(await exists(folder))) return undefined;
  const said = await tryCcache("ccache", option, host, { CCACHE_DIR: folder });
  if (said === undefined || said.exitCode === 0) return said?.stdout;
  throw new BuildError("machine", `ccache cannot use its folder ${folder}: ${said.stderr.trim()}`);
}

/** Makes ccache's folder if it is missing; returns why nothing can be written into it. */
async function whyUnwritable(folder: string): Promise<string | undefined> {
  try {
    // One by one: on a read-only disk, `recursive` fails with ENOENT.
    for (const dir of [dirname(dirname(folder)), dirname(folder), folder])
      await mkdir(dir).catch((error: unknown) => {
        if (errorCode(error) !== "EEXIST") throw error;
      });
    await rmdir(await mkdtemp(join(folder, "try-")));
    return undefined;
  } catch (error) {
    const why = refusalOf(error);
    if (why === undefined) throw error;
    return why;
  }
}

async function hasCcache(host: Host): Promise<boolean> {
  return (await tryCcache(join(links, "gcc"), "--version", host, { CCACHE_DISABLE: "1" }))?.exitCode === 0;
}

/** Runs a program of ccache; undefined when it is not installed. */
async function tryCcache(
  program: string,
  option: string,
  host: Host,
  env: Readonly<Record<string, string>>,
): Promise<ExecResult | undefined> {
  return tryExec(program, [option], { host: { ...host, env: { PATH: "/usr/bin:/bin" } }, env });
}

function logOf(dir: string): string {
  return join(dir, "ccache.log");
}

/** The protocols of ccache's `remote_storage`, with their ports. */
const ports: Readonly<Record<string, number>> = { "http:": 80, "redis:": 6379 };

/** Throws "usage" for a value of `--remote-cache` that ccache does not understand. */
export function assertRemote(remote: string): void {
  const address = withoutAttributes(remote);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url !== undefined && Object.hasOwn(ports, url.protocol) && url.hostname !== "") return;
  throw new BuildError("usage", `Remote cache \`${remote}\` is neither http://HOST[:PORT]/PATH nor redis://HOST[:PORT].`, {
    hint: "--remote-cache redis://cache.example.com",
  });
}

function addressOf(remote: string): { readonly host: string; readonly port: number } {
  const { protocol, hostname, port } = new URL(withoutAttributes(remote));
  return { host: hostname.replace(/^\[|\]$/g, ""), port: port === "" ? (ports[protocol] ?? 80) : Number(port) };
}

/** Removes ccache's attributes, such as `|read-only`. */
function withoutAttributes(remote: string): string {
  return remote.replace(/\|.*/, "");
}

/**
 * Counts a statistics log: for each compilation a line with `#`, then the names of its counters
 * (ccache(1), `stats_log`).
 */
function countStats(log: string): CompilerStats | undefined {
  const counts = makeRecord<number>();
  for (const line of log.split("\n")) if (/^\w+$/.test(line)) counts[line] = (counts[line] ?? 0) + 1;
  const sum = (...names: readonly string[]) => names.reduce((total, name) => total + (counts[name] ?? 0), 0);
  const hits = sum("direct_cache_hit", "preprocessed_cache_hit");
  const misses = sum("cache_miss");
  if (hits + misses === 0) return undefined;
  return {
    hits,
    misses,
    remoteHits: sum("remote_storage_hit"),
    remoteErrors: sum("remote_storage_error", "remote_storage_timeout"),
  };
}
