import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSystemText } from "../sys/read-file.ts";

/** The folder of this package, which brings its own patches and pipelines. */
export const packageRoot = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const { version, author } = JSON.parse(readSystemText(join(packageRoot, "package.json"))) as {
  version: string;
  author: string;
};

/** The version of this package. */
export const packageVersion = version;

/** Who makes this package, and what is built with it: a name and a mail address. */
export const packageAuthor = author;
