import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { pipelineSchema, readPipelines, type Pipeline } from "../../../src/config/pipeline.ts";
import type { Project } from "../../../src/config/project.ts";
import { forVariant } from "../../../src/config/variant.ts";
import { ceilingOf } from "../../../src/verify/ceiling.ts";

const linux = async (): Promise<Pipeline> => {
  const pipeline = (await readPipelines({ root: resolve(".") } as Project)).find(({ name }) => name === "linux-deb");
  if (pipeline === undefined) throw new Error("there is no pipeline linux-deb");
  return pipeline;
};

const debOf = (pipeline: Pipeline, job: string) => pipeline.jobs[job]?.steps.find(({ uses }) => uses === "deb")?.with;

describe("the pipeline of packages has the variant", () => {
  test("legacy, which is default with other flags", async () => {
    const pipeline = await linux();
    expect(forVariant(pipeline, "legacy")).toEqual(forVariant(pipeline, "default"));
    expect(pipeline.flags["legacy"]).toEqual({ amd64: "-O2 -g" });
  });

  test("debug, whose dbgsym packages lie beside packages with the flags of default", async () => {
    const pipeline = await linux();
    const [own, usual] = [forVariant(pipeline, "debug"), forVariant(pipeline, "default")];
    expect(pipeline.flags["debug"]).toEqual(pipeline.flags["default"]);
    for (const job of ["ovs", "ovn"]) {
      expect(own.jobs[job]).toMatchObject({ artifacts: ["*.deb"] });
      expect(usual.jobs[job]).toMatchObject({ artifacts: ["*.deb", "debug/*.deb"] });
      expect(debOf(own, job)).toEqual({ ...debOf(usual, job), dbgsym: "beside" });
    }
  });

  test("dpdk, with one package and one library more, whose floor is that of the library", async () => {
    const pipeline = await linux();
    const [own, usual] = [forVariant(pipeline, "dpdk"), forVariant(pipeline, "default")];
    const more = (list: "packages" | "libraries") =>
      own.jobs["ovs"]?.[list]?.filter((name) => usual.jobs["ovs"]?.[list]?.includes(name) !== true);
    expect([more("packages"), more("libraries")]).toEqual([["libdpdk-dev"], ["libdpdk-dev"]]);
    const { packages, ...others } = debOf(usual, "ovs") as { readonly packages: readonly string[] };
    expect(debOf(own, "ovs")).toEqual({
      ...others,
      options: [],
      packages: packages.flatMap((name) => (name === "openvswitch-switch" ? [name, `${name}-dpdk`] : [name])),
    });
    expect(own.jobs["ovn"]).toEqual(usual.jobs["ovn"]);
    expect(own.until).toMatchObject({ ovs: { version: "3.1" } });
    expect(own.pinned).toEqual({ ovs: expect.stringContaining("openvswitch-source") });
    expect([usual.until, usual.pinned]).toEqual([undefined, undefined]);
    expect(ceilingOf((pipeline.flags["dpdk"]?.["amd64"] ?? "").split(" "), "amd64")).toMatchObject({ name: "x86-64-v2" });
  });

  test("fast, with jemalloc in every program", async () => {
    const pipeline = await linux();
    const [own, usual] = [forVariant(pipeline, "fast"), forVariant(pipeline, "default")];
    for (const job of ["ovs", "ovn"]) {
      expect(own.jobs[job]?.libraries).toEqual([...(usual.jobs[job]?.libraries ?? []), "libjemalloc-dev"]);
      const { env, ...others } = debOf(usual, job) as { readonly env: Readonly<Record<string, string>> };
      expect(debOf(own, job)).toEqual({ ...others, env: { ...env, LIBS: "-ljemalloc" } });
    }
  });

  test("and every other one has nothing of what differs", async () => {
    expect(JSON.stringify(forVariant(await linux(), "default"))).not.toMatch(/"variants"|dpdk-dev|switch-dpdk|jemalloc/);
  });
});

describe("a pipeline is wrong whose", () => {
  const shell = { uses: "shell", with: { script: "make" } };
  const job = { source: "demo", steps: [shell], artifacts: ["*"] };
  const flags = { default: { amd64: "-O2" }, legacy: { amd64: "-O1" } };
  const rows: readonly (readonly [what: string, changes: object, path: string, message: string])[] = [
    ["variant of a release", { variants: { fast: { until: {} } } }, "variants.fast", "`flags` has no variant `fast`"],
    [
      "variant of a job",
      { jobs: { a: { ...job, variants: { fast: {} } } } },
      "jobs.a.variants.fast",
      "`flags` has no variant `fast`",
    ],
    [
      "variant of a step",
      { jobs: { a: { ...job, steps: [{ ...shell, variants: { fast: {} } }] } } },
      "jobs.a.steps.0.variants.fast",
      "`flags` has no variant `fast`",
    ],
    [
      "field of a step in a variant",
      { jobs: { a: { ...job, steps: [{ ...shell, variants: { legacy: { script: "" } } }] } } },
      "jobs.a.steps.0.variants.legacy.script",
      "Too small: expected string to have >=1 characters",
    ],
  ];

  test.each(rows)("%s is not known, or not right", (_, changes, path, message) => {
    const { error } = pipelineSchema.safeParse({ name: "test", target: "linux", flags, jobs: { a: job }, ...changes });
    expect(error?.issues.map((issue) => [issue.path.join("."), issue.message])).toEqual([[path, message]]);
  });
});
