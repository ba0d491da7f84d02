import { readFile } from "node:fs/promises";
import { schemas } from "./schemas.ts";
import { makeGraphs } from "./graphs.ts";
import { commandReference } from "./commands.ts";
import { fieldTable, stepReference } from "./fields.ts";
import { fill } from "./fill.ts";
import { linePages } from "./line-pages.ts";
import { manualPage } from "./manual.ts";

/** The generated parts of hand-written pages, by page and by the name that stands in its marker. */
const parts = {
  "docs/pipelines.md": { pipeline: () => fieldTable(schemas["pipelines/pipeline.schema.json"]), steps: stepReference },
  "docs/files.md": {
    lines: () => fieldTable(schemas["patches/lines.schema.json"]),
    source: () => fieldTable(schemas["patches/source.schema.json"]),
    seed: () => fieldTable(schemas["patches/seed.schema.json"]),
    "kube-ovn": () => fieldTable(schemas["patches/kube-ovn.schema.json"]),
    lock: () => fieldTable(schemas["patches/lock.schema.json"]),
    release: () => fieldTable(schemas["patches/release.schema.json"]),
    artifacts: () => fieldTable(schemas["docs/artifacts.schema.json"]),
  },
  "docs/cli.md": { commands: commandReference },
} as const satisfies Readonly<Record<string, Readonly<Record<string, () => string | Promise<string>>>>>;

/** Makes every generated file: its path and its text. */
export async function makeFiles(): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const [path, schema] of Object.entries(schemas)) files[path] = `${JSON.stringify(schema, undefined, 2)}\n`;
  for (const [path, of] of Object.entries(parts)) files[path] = await fillParts(path, of);
  for (const [path, content] of Object.entries(await linePages()))
    files[path] = await fillParts(path, { "kube-ovn": () => content });
  return { ...files, "docs/kovn-build.1": await manualPage(), ...(await makeGraphs()) };
}

/** Returns the text of a page with its generated parts renewed. */
async function fillParts(path: string, of: Readonly<Record<string, () => string | Promise<string>>>): Promise<string> {
  let text = await readFile(path, "utf8");
  for (const [name, make] of Object.entries(of)) text = fill(path, text, name, "npm run docs", await make());
  return text;
}
