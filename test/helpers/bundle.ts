import { rmSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import { isNightly } from "./nightly.ts";

/** The environment variable with the path of the program that tests run. */
const variable = "KOVN_TEST_CLI";

/** The program that is shipped. */
export const shipped = resolve("build/cli.js");

/** The program that tests of the command line run: the same code in few files, or what is shipped. */
export function testedCli(): string {
  return process.env[variable] ?? shipped;
}

/**
 * Writes the program and most of its packages into few files, for all test files of a run: Node
 * takes half of the time to load them. Not in the nightly workflow, which runs what is shipped.
 */
export async function setup(): Promise<void> {
  if (isNightly) return;
  // As deep below the package as `build/`: the program finds its patches and its own code from there.
  const outdir = resolve("build-test");
  rmSync(outdir, { recursive: true, force: true });
  await build({
    entryPoints: ["src/cli.ts"],
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    outdir,
    chunkNames: "chunks/[hash]",
    // Packages that look for files beside their own, or that few commands load.
    external: ["@cyclonedx/*", "iced-x86", "octokit", "undici"],
    // Packages of CommonJS ask for it.
    banner: { js: 'import { createRequire as requireOf } from "node:module"; const require = requireOf(import.meta.url);' },
  });
  process.env[variable] = resolve(outdir, "cli.js");
}
