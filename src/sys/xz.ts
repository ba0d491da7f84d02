import { BuildError, withDetails } from "../errors.ts";
import { exec, type Host, MissingProgram } from "./exec.ts";
import { runTask } from "./run-task.ts";

export interface XzOptions {
  readonly host: Host;
}

/** Compresses a text with xz(1), always to the same bytes. Throws "build". */
export async function compressXz(text: string, options: XzOptions): Promise<Uint8Array> {
  return Buffer.from(await run("compress an index", ["--stdout", "--threads=1", "-6"], text, options), "latin1");
}

/** The text that xz(1) compressed; for bytes whose digest is known. Throws "build". */
export async function expandXz(bytes: Uint8Array, options: XzOptions): Promise<string> {
  return Buffer.from(await run("expand an index", ["--stdout", "--decompress"], bytes, options), "latin1").toString();
}

/** Throws "machine" when xz is not installed. */
export async function assertXz(options: XzOptions): Promise<void> {
  await run("check xz", ["--version"], "", options);
}

async function run(title: string, args: readonly string[], input: string | Uint8Array, { host }: XzOptions): Promise<string> {
  const result = await runTask(host, title, async (below) =>
    exec("xz", args, { host: below, env: { LC_ALL: "C" }, input, encoding: "latin1" }),
  ).catch((error: unknown) => {
    if (!(error instanceof MissingProgram)) throw error;
    throw withDetails(error, { hint: "apt-get install xz-utils" });
  });
  if (result.exitCode === 0) return result.stdout;
  throw new BuildError("build", `xz failed: ${result.stderr.trim() || `exit code ${result.exitCode}`}`);
}
