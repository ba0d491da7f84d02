import { join } from "node:path";
import { execa } from "execa";
import { cli } from "./cli.ts";
import { makeProject, writeFiles } from "./project.ts";

/** The jobs of a pipeline: each writes `out/<id>.txt` and then runs its script. */
export type Jobs = Readonly<
  Record<
    string,
    {
      readonly script?: string;
      readonly needs?: readonly string[];
      readonly packages?: readonly string[];
      readonly outputs?: readonly string[];
    }
  >
>;

/** The project of `makeProject` with these jobs. */
export async function makeJobs(folder: string, jobs: Jobs): Promise<string> {
  return makeProject(folder, { "pipelines/test.yaml": pipelineOf(jobs) });
}

/** Replaces a project's jobs. */
export async function changeJobs(project: string, jobs: Jobs): Promise<void> {
  await writeFiles(project, { "pipelines/test.yaml": pipelineOf(jobs) });
}

function pipelineOf(jobs: Jobs): string {
  const entries = Object.entries(jobs).map(([id, { script = "", needs = [], packages = [], outputs = [] }]) => [
    id,
    {
      source: "demo",
      needs,
      packages,
      outputs,
      steps: [{ uses: "shell", with: { script: `echo ${id} > ../out/${id}.txt\n${script}` } }],
      artifacts: ["*.txt"],
    },
  ]);
  const flags = { default: { amd64: "-O1", arm64: "-O1" } };
  return JSON.stringify({ name: "test", target: "linux", flags, jobs: Object.fromEntries(entries) });
}

/**
 * Starts a build with the compiled program in a project; `said` is its stderr so far, and `ended`
 * resolves however it ends.
 */
export function startBuild(project: string, env: Readonly<Record<string, string>> = {}, options: readonly string[] = []) {
  const child = execa("node", [cli, "--target", "linux", ...options], {
    cwd: project,
    reject: false,
    extendEnv: false,
    stdin: "ignore",
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: join(project, ".."), ...env },
  });
  if (child.pid === undefined) throw new Error("node did not start");
  let said = "";
  child.stderr.on("data", (piece: Buffer) => (said += piece.toString()));
  return {
    pid: child.pid,
    said: () => said,
    ended: child.then(({ exitCode, signal, stderr }) => ({ exitCode, signal, stderr })),
  };
}
