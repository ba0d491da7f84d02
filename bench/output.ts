// What does a job that prints 500 MB cost? The tool's own memory, and its time against the same output written to a file.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { median } from "simple-statistics";
import { makeJobs } from "../test/helpers/jobs.ts";
import { cli, inFolder, peakMemory, printMachine, report, run } from "./measure.ts";

const line = "gcc -DHAVE_CONFIG_H -I. -I./include -O2 -g -msse4.2 -c -o lib/ofp-actions.lo ../lib/ofp-actions.c";
const scripts = {
  "500 MB in lines of 100 letters": `yes '${line}' | head -c 500000000`,
  "500 MB without a line end": "head -c 500000000 /dev/zero | tr '\\0' x",
};

printMachine();
for (const [what, script] of Object.entries(scripts))
  await inFolder(async (folder) => {
    const project = await makeJobs(folder, { demo: { script } });
    await writeFile(join(folder, "script"), script);
    const tool: { readonly peak: number; readonly seconds: number }[] = [];
    const bare: number[] = [];
    for (let round = 0; round < 3; round++) {
      const started = performance.now();
      await run("sh", ["-c", "sh script > output"], folder);
      bare.push((performance.now() - started) / 1000);
      tool.push(await peakMemory(process.execPath, [cli, "--target", "linux", "--no-cache"], project));
    }
    report(`${what}: peak memory`, Math.max(...tool.map((one) => one.peak)) / 1e6, "MB", 150);
    report(`${what}: whole build`, median(tool.map((one) => one.seconds)), "s");
    report(`${what}: only sh and a file`, median(bare), "s");
  });
