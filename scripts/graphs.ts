import { readdir, readFile } from "node:fs/promises";
import { execa } from "execa";

/** Draws the graph of each pipeline with the compiled program. */
export async function makeGraphs(): Promise<Readonly<Record<string, string>>> {
  const names = (await readdir("pipelines")).filter((file) => file.endsWith(".yaml")).map((file) => file.replace(/\.yaml$/, ""));
  return Object.fromEntries(
    await Promise.all(
      names.map(async (name) => {
        const text = await readFile(`pipelines/${name}.yaml`, "utf8");
        const options = ["target", "toolchain"].flatMap((option) => {
          const value = new RegExp(`^${option}: (.+)$`, "m").exec(text)?.[1];
          return value === undefined ? [] : [`--${option}`, value];
        });
        const { stdout } = await execa("node", ["build/cli.js", "plan", ...options, "--mermaid"]);
        return [`docs/graphs/${name}.md`, `# ${name}\n\n\`\`\`mermaid\n${stdout}\n\`\`\`\n`] as const;
      }),
    ),
  );
}
