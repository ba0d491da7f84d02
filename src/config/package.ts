import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package, which brings its own patches and pipelines. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };

/** The version of this package. */
export const packageVersion = version;
