import { readFileSync, readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";

const pipelines = readdirSync("pipelines").filter((file) => file.endsWith(".yaml"));

for (const file of pipelines)
  test(`docs/graphs has the picture of pipelines/${file} (\`npm run docs:graphs\` renews it)`, async () => {
    const text = readFileSync(`pipelines/${file}`, "utf8");
    const choice = ["target", "toolchain"].flatMap((name) => {
      const value = new RegExp(`^${name}: (.+)$`, "m").exec(text)?.[1];
      return value === undefined ? [] : [`--${name}`, value];
    });
    const { stdout } = await kovnBuild(process.cwd(), ["plan", ...choice, "--mermaid"]);
    const name = file.replace(/\.yaml$/, "");
    await expect(`# ${name}\n\n\`\`\`mermaid\n${stdout}\n\`\`\`\n`).toMatchFileSnapshot(`../../docs/graphs/${name}.md`);
  });

test("every picture in docs/graphs is one of a pipeline", () => {
  expect(readdirSync("docs/graphs").toSorted()).toEqual(pipelines.map((file) => file.replace(/yaml$/, "md")).toSorted());
});
