import { freePort } from "../../sys/ports.ts";
import type { Check, CheckContext } from "../check.ts";
import { pathOf } from "../programs.ts";
import { appctl, databasePrograms, startDatabase } from "../servers.ts";

/** Entry 1: the election timer of a new cluster. */
export const electionTimer: Check = {
  entry: 1,
  behavior: "a new cluster starts with an election timer of 5000 ms, unless it is created with another one",
  programs: databasePrograms,
  files: ["vswitch.ovsschema"],
  unpatched: "differs",
  observe: async (context) => [
    { what: "Election timer", seen: await timerOf(context, "new", []), expected: "5000" },
    { what: "change to 4000", seen: await change(context, "new", 4000), expected: "change of election timer initiated." },
    { what: "created with 2000", seen: await timerOf(context, "other", ["--election-timer=2000"]), expected: "2000" },
  ],
};

/** Creates a cluster of one server and returns its timer, in milliseconds. */
async function timerOf({ sandbox, programs }: CheckContext, name: string, options: readonly string[]): Promise<string> {
  const address = `tcp:127.0.0.1:${await freePort()}`;
  await sandbox.ask("ovsdb-tool", [...options, "create-cluster", `${name}.db`, pathOf(programs, "vswitch.ovsschema"), address]);
  await startDatabase(sandbox, name, [`${name}.db`]);
  return sandbox.waitFor(`server ${name} leads its cluster`, async () => {
    const status = await appctl(sandbox, name, ["cluster/status", "Open_vSwitch"]);
    return status.includes("Role: leader") ? /^Election timer: (\d+)$/m.exec(status)?.[1] : undefined;
  });
}

async function change({ sandbox }: CheckContext, name: string, value: number): Promise<string> {
  const args = ["-t", `${sandbox.dir}/${name}.ctl`, "cluster/change-election-timer", "Open_vSwitch", String(value)];
  const { stdout, stderr } = await sandbox.run("ovs-appctl", args);
  return `${stdout}${stderr}`.trim().split("\n")[0] ?? "";
}
