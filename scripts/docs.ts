// Writes every generated file of the repository: schemas, reference, graphs. `npm run docs`
import { writeFile } from "node:fs/promises";
import { makeFiles } from "./generated.ts";

for (const [path, text] of Object.entries(await makeFiles())) await writeFile(path, text);
