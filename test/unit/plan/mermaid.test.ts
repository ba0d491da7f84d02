import { expect, test } from "vitest";
import { toMermaid } from "../../../src/plan/mermaid.ts";
import type { Plan, PlannedJob } from "../../../src/plan/plan.ts";

function job(id: string, change: Partial<PlannedJob>): PlannedJob {
  return {
    id,
    needs: [],
    key: "",
    base: { kind: "git", url: "", commit: "" },
    otherBases: [],
    source: { name: id, version: "1", revision: 1, patches: [] },
    versionSuffix: "",
    packages: [],
    steps: [{ uses: "shell", with: { script: "true" } }],
    outputs: [],
    artifacts: ["*.deb"],
    ...change,
  };
}

test("a flowchart shows each job with its source, its steps, the jobs that it needs and its artifacts", () => {
  const two = job("two-b", {
    needs: ["one"],
    source: { name: "one", version: "1", revision: 1, patches: [] },
    steps: [
      { uses: "shell", with: { script: "true" } },
      { uses: "deb", with: { packages: ["a", "b"], options: [], env: {} } },
    ],
    artifacts: ['a"b', "*.c"],
  });
  const plan: Plan = {
    schema: 1,
    target: "linux",
    line: "1.12",
    variant: "default",
    arch: "amd64",
    flags: "",
    jobs: [job("one", {}), two],
  };
  expect(toMermaid(plan, (step) => (step.uses === "deb" ? step.with.packages : []))).toBe(`flowchart LR
  source_one(["one, patched"])
  subgraph job_one ["one"]
    direction TB
    step_one_1["shell"]
  end
  subgraph job_two_b ["two-b"]
    direction TB
    step_two_b_1["shell"]
    step_two_b_2["deb<br>a<br>b"]
    step_two_b_1 --> step_two_b_2
  end
  dist[("dist/linux")]
  source_one --> job_one
  job_one -- "*.deb" --> dist
  source_one --> job_two_b
  job_one --> job_two_b
  job_two_b -- "a#quot;b *.c" --> dist
`);
});
