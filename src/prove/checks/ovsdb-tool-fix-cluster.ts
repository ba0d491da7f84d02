import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../sys/ports.ts";
import type { Check, CheckContext, Fact } from "../check.ts";
import { pathOf } from "../programs.ts";
import { databasePrograms, startDatabase } from "../servers.ts";
import { readBytes } from "../../sys/read-file.ts";

/** The file of a clustered database whose last record was cut. */
export const fixCluster: Check = {
  patch: "ovsdb-tool-fix-cluster",
  behavior:
    "`ovsdb-tool fix-cluster` cuts a broken last record and keeps the original file; then a server starts with the data that was kept",
  programs: [...databasePrograms, "ovs-vsctl"],
  files: ["vswitch.ovsschema"],
  unpatched: "differs",
  observe: async (context) => {
    const { sandbox } = context;
    const whole = await clusterFile(context);
    const broken = whole.subarray(0, -3);
    const file = join(sandbox.dir, "broken.db");
    await writeFile(file, broken);
    const facts = [
      await exitCode(context, "check-cluster", "exit code 1"),
      await exitCode(context, "fix-cluster", "exit code 0"),
      await exitCode(context, "check-cluster", "exit code 0"),
    ];
    const kept = (await readBytes(file, "an input")).equals(whole.subarray(0, whole.lastIndexOf("OVSDB CLUSTER ")));
    const backup = await readBytes(`${file}.backup-1`, "an input").catch(() => undefined);
    return [
      ...facts,
      { what: "the file lacks the last record only", seen: kept ? "yes" : "no", expected: "yes" },
      { what: "the original file is beside it", seen: backup?.equals(broken) === true ? "yes" : "no", expected: "yes" },
      {
        what: "bridges in a server of the file",
        seen: await bridges(context, await startDatabase(sandbox, "broken", ["broken.db"])),
        expected: "br0",
      },
    ];
  },
};

/** The file of a new cluster of one server, after two transactions. */
async function clusterFile({ sandbox, programs }: CheckContext): Promise<Buffer> {
  const raft = `tcp:127.0.0.1:${await freePort()}`;
  await sandbox.ask("ovsdb-tool", ["create-cluster", "conf.db", pathOf(programs, "vswitch.ovsschema"), raft]);
  const database = await startDatabase(sandbox, "conf", ["conf.db"]);
  // The record that is cut is never one of the first transaction.
  for (const bridge of ["br0", "br1"]) {
    await sandbox.ask("ovs-vsctl", ["--timeout=20", `--db=${database}`, "--no-wait", "add-br", bridge]);
  }
  return readBytes(join(sandbox.dir, "conf.db"), "an input");
}

async function exitCode({ sandbox }: CheckContext, command: string, expected: string): Promise<Fact> {
  const result = await sandbox.run("ovsdb-tool", [command, "broken.db"]);
  return { what: command, seen: `exit code ${result.exitCode}`, expected };
}

/** What is there of the first transaction. */
async function bridges({ sandbox }: CheckContext, database: string): Promise<string> {
  const list = await sandbox.ask("ovs-vsctl", ["--timeout=20", `--db=${database}`, "list-br"]);
  return list.split("\n")[0] ?? "";
}
