import { join } from "node:path";
import type { Programs } from "../../src/prove/programs.ts";
import type { Sandbox } from "../../src/prove/sandbox.ts";
import type { Listen } from "../../src/prove/servers.ts";
import { serverSeconds } from "./cpu.ts";

/** Built programs, and a folder in which they run. */
export interface Place {
  readonly sandbox: Sandbox;
  readonly programs: Programs;
  readonly cores: number;
}

/** Work of a kind that clusters give the programs. */
export interface Workload {
  readonly name: string;
  /** The program whose computing is measured. */
  readonly measured: string;
  readonly programs: readonly string[];
  readonly files: readonly string[];
  /** Whether a set can do it, if packages cannot. Work that a set cannot do is left out. */
  readonly canDo?: (programs: Programs) => boolean;
  /** Prepares the work; what it returns does it once, and returns the seconds that it took. */
  readonly prepare: (place: Place) => Promise<() => Promise<number>>;
}

/**
 * Databases listen on unix sockets, over which nobody probes whether the other still lives: busy servers
 * would lose their connections.
 */
export const onSocket: Listen = async (sandbox, name) => {
  const path = join(sandbox.dir, `${name}.sock`);
  return { remote: `punix:${path}`, address: `unix:${path}` };
};

/** What a server of the sandbox computes while `work` is done. */
export async function secondsOf({ sandbox }: Place, program: string, work: () => Promise<unknown>): Promise<number> {
  const before = await serverSeconds(sandbox, program);
  await work();
  return (await serverSeconds(sandbox, program)) - before;
}
