import { execa } from "execa";
import { cli, kovnBuild } from "./cli.ts";
import type { ReleaseSet } from "../../src/set/set.ts";
import { expectPublished } from "./github-publish.ts";
import { startGitHub, type FakeGitHub, type Seen } from "./github.ts";

const args = ["publish", "dist", "--to", "github"];

/** Starts to publish the project's builds to GitHub. */
export function startPublish(project: string, env: Readonly<Record<string, string>>) {
  return execa(process.execPath, [cli, ...args], {
    cwd: project,
    env: { PATH: process.env["PATH"] ?? "", HOME: project, ...env },
    extendEnv: false,
    reject: false,
    stdin: "ignore",
  });
}

/**
 * A moment of a publish: the request with that number has arrived, is in the middle of its body, or
 * is done but not answered.
 */
export interface KillPoint {
  readonly number: number;
  readonly moment: "before" | "during" | "after";
}

/** All moments of an undisturbed publish of the project, which is checked. */
export async function listKillPoints(project: string, set: ReleaseSet, commit: string): Promise<readonly (KillPoint & Seen)[]> {
  await using server = await startGitHub({ tags: { "v1.0.0": commit } });
  const result = await kovnBuild(project, args, server.env);
  if (result.exitCode !== 0) throw new Error(result.stderr);
  await expectPublished(server, set);
  return server.state.seen.flatMap((seen) => {
    const moments = seen.kind === "upload" ? (["before", "during", "after"] as const) : (["before", "after"] as const);
    return moments.map((moment) => ({ ...seen, moment }));
  });
}

/**
 * Kills a publish at a moment, and publishes again: the result must be the same. Returns what the
 * killed one left.
 */
export async function killAndGoOn(
  project: string,
  set: ReleaseSet,
  commit: string,
  { number, moment }: KillPoint,
): Promise<"nothing" | "draft" | "public"> {
  let kill: () => void = () => undefined;
  await using server = await startGitHub({
    tags: { "v1.0.0": commit },
    [moment]: (seen: Seen) => {
      if (seen.number === number) kill();
    },
  });
  const child = startPublish(project, server.env);
  kill = () => void child.kill("SIGKILL");
  const { signal } = await child;
  if (signal !== "SIGKILL") throw new Error(`request ${number}, ${moment}: it was not killed`);
  // The server finishes its work before the next publish starts.
  await server.idle();
  const left = leftBehind(server);
  server.state.options = { tags: { "v1.0.0": commit } };
  const again = await kovnBuild(project, args, server.env);
  if (again.exitCode !== 0) throw new Error(`request ${number}, ${moment}: ${again.stderr}`);
  await expectPublished(server, set, `request ${number}, ${moment}`);
  return left;
}

function leftBehind({ state }: FakeGitHub): "nothing" | "draft" | "public" {
  if (state.releases.length === 0) return "nothing";
  return state.releases.some(({ draft }) => !draft) ? "public" : "draft";
}
