import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { z } from "zod";
import { readYaml } from "../../../src/config/yaml.ts";
import { readManifest } from "../../../src/dist/manifest.ts";
import { test } from "../../helpers/folder.ts";

const yaml: readonly (readonly [what: string, text: string, says: string])[] = [
  ["lists in lists in lists", "[".repeat(200_000), "Values are nested too deeply here."],
  ["too many values", `[${"0,".repeat(100_000)}0]`, "it has more than 20,000 values"],
  ["too many bytes", "a".repeat(300_000), "it has 300.0 kB; the limit for a project file is 256.0 kB"],
  ["too many problems", "@: 1\n".repeat(10_000), "a.yaml:1:1: "],
  ["keys of which each is unknown", Array.from({ length: 5000 }, (_, index) => `k${index}: 1\n`).join(""), "more"],
];

describe("a YAML file is refused in a few lines, and in no time", () => {
  for (const [what, text, says] of yaml)
    test(what, async ({ folder }) => {
      const path = join(folder, "a.yaml");
      await writeFile(path, text);
      const error: unknown = await readYaml(path, z.strictObject({ name: z.string() }), "a.yaml").catch(
        (cause: unknown) => cause,
      );
      expect(error).toMatchObject({ code: "project", message: expect.stringContaining(says) });
      expect((error as Error).message.length).toBeLessThan(5000);
    });
});

const manifests: readonly (readonly [what: string, text: string])[] = [
  ["artifacts that are empty", `{"schema":1,"artifacts":[${"{},".repeat(100_000)}{}]}`],
  ["lists in lists in lists", `${"[".repeat(200_000)}${"]".repeat(200_000)}`],
  ["a list of texts", `[${'"",'.repeat(100_000)}0]`],
];

describe("an artifacts.json is refused in a few lines, and in no time", () => {
  for (const [what, text] of manifests)
    test(what, async ({ folder }) => {
      await writeFile(join(folder, "artifacts.json"), text);
      const error: unknown = await readManifest(join(folder, "artifacts.json")).catch((cause: unknown) => cause);
      expect(error).toMatchObject({ code: "usage" });
      expect((error as Error).message.length).toBeLessThan(5000);
    });
});
