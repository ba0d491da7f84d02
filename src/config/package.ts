import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSystemText } from "../sys/read-file.ts";

/** The folder of this package, which brings its own patches and pipelines. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const { version } = JSON.parse(readSystemText(join(packageRoot, "package.json"))) as { version: string };

/** The version of this package. */
export const packageVersion = version;
