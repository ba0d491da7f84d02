import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { glob } from "tinyglobby";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { makeFiles } from "../../scripts/generated.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";

const files = await makeFiles();

describe("generated files", () => {
  test.for(Object.entries(files))("%s is what `npm run docs` writes", ([path, text]) => {
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  test("every graph in docs/graphs is one of a pipeline", () => {
    const graphs = readdirSync("docs/graphs").map((file) => `docs/graphs/${file}`);
    expect(graphs.filter((path) => files[path] === undefined)).toEqual([]);
  });

  test("every schema is of a format that the generator knows", async () => {
    const schemas = await glob("{docs,patches,pipelines}/**/*.schema.json");
    expect(schemas.toSorted()).toEqual(
      Object.keys(files)
        .filter((path) => path.endsWith(".schema.json"))
        .toSorted(),
    );
  });
});

/** Returns what a schema finds wrong in a value. */
function problemsOf(schema: string, value: unknown): readonly string[] {
  const ajv = new Ajv({ allErrors: true });
  formats.default(ajv);
  const validate = ajv.compile(JSON.parse(readFileSync(schema, "utf8")) as object);
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message = "" }) => `${instancePath} ${message}`);
}

const yaml = (path: string) => parse(readFileSync(path, "utf8")) as Record<string, unknown>;

describe("schemas", async () => {
  const written = await glob(["pipelines/*.yaml", "patches/**/*.yaml"]);

  test.for(written)("%s names its schema for editors, and the schema takes it", (path) => {
    const [, named = ""] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(readFileSync(path, "utf8")) ?? [];
    const schema = join(dirname(path), named);
    expect(Object.keys(files)).toContain(schema);
    expect(problemsOf(schema, yaml(path))).toEqual([]);
  });

  test("the schema of a lock takes every lock", async () => {
    const locks = await glob("patches/*/lock.json");
    expect(locks.length).toBeGreaterThan(0);
    for (const path of locks) expect(problemsOf("patches/lock.schema.json", yaml(path))).toEqual([]);
  });

  test("the schema of a manifest takes that of a build", async ({ folder }) => {
    const dist = await makeDist(folder);
    expect(problemsOf("docs/artifacts.schema.json", yaml(join(dist, "artifacts.json")))).toEqual([]);
  });

  const pipeline = { name: "a", target: "linux", flags: {}, jobs: {} };
  const job = { source: "a", artifacts: ["*"] };
  const shell = { uses: "shell", with: { script: "true" } };
  test.for([
    ["an unknown key", { ...pipeline, more: 1 }],
    ["an unknown target", { ...pipeline, target: "linxu" }],
    ["a job without steps", { ...pipeline, jobs: { a: { ...job, steps: [] } } }],
    ["an unknown step kind", { ...pipeline, jobs: { a: { ...job, steps: [{ ...shell, uses: "shel" }] } } }],
    ["input of another step kind", { ...pipeline, jobs: { a: { ...job, steps: [{ ...shell, uses: "deb" }] } } }],
    ["a path that leads outside", { ...pipeline, jobs: { a: { ...job, steps: [shell], artifacts: ["a\n/../b"] } } }],
  ] as const)("the schema of a pipeline refuses %s", ([, value]) => {
    expect(problemsOf("pipelines/pipeline.schema.json", value)).not.toEqual([]);
  });

  test("the schema of a pipeline takes a small one", () => {
    expect(problemsOf("pipelines/pipeline.schema.json", { ...pipeline, jobs: { a: { ...job, steps: [shell] } } })).toEqual([]);
  });
});
