import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../sys/ports.ts";
import type { Check, CheckContext } from "../check.ts";
import { pathOf } from "../programs.ts";
import { appctl, databasePrograms, startDatabase } from "../servers.ts";

const database = "Open_vSwitch";

/** How a server comes back to its cluster after it lost its database. */
export const rejoinCluster: Check = {
  patch: "ovsdb-tool-rejoin-cluster",
  behavior:
    "`ovsdb-tool db-raft-header` saves what identifies a server of a cluster, and `rejoin-cluster` makes the database with which it returns under the same server ID and gets what was written in the meantime",
  programs: [...databasePrograms, "ovs-vsctl"],
  files: ["vswitch.ovsschema"],
  unpatched: "differs",
  observe: async (context) => {
    const { sandbox } = context;
    const { raft, clients } = await startCluster(context);
    const id = await sandbox.ask("ovsdb-tool", ["db-sid", "three.db"]);
    const header = await sandbox.run("ovsdb-tool", ["db-raft-header", "three.db"]);
    await writeFile(join(sandbox.dir, "header"), header.stdout);
    // The server goes on without the database, as if it had lost it.
    await appctl(sandbox, "three", ["ovsdb-server/remove-db", database]);
    await rm(join(sandbox.dir, "three.db"));
    await sandbox.ask("ovs-vsctl", ["--timeout=20", `--db=${clients[0]}`, "--no-wait", "add-br", "br0"]);
    const [one = "", two = "", three = ""] = raft;
    const rejoined = await sandbox.run("ovsdb-tool", ["rejoin-cluster", "three.db", "header", three, one, two]);
    const facts = [
      { what: "server ID in the header", seen: header.stdout.includes(id) ? "its own" : "none", expected: "its own" },
      { what: "rejoin-cluster", seen: `exit code ${rejoined.exitCode}`, expected: "exit code 0" },
    ];
    if (rejoined.exitCode !== 0) return facts;
    await appctl(sandbox, "three", ["ovsdb-server/add-db", join(sandbox.dir, "three.db")]);
    const list = ["--timeout=20", `--db=${clients[2]}`, "--no-leader-only", "list-br"];
    const bridges = await sandbox.waitFor("server three has the bridge", async () => {
      const { stdout } = await sandbox.run("ovs-vsctl", list);
      return stdout.trim() || undefined;
    });
    const status = await appctl(sandbox, "one", ["cluster/status", database]);
    return [
      ...facts,
      { what: "bridges that were added without it", seen: bridges, expected: "br0" },
      { what: "its server ID", seen: (await sidOf(context)) === id ? "the same" : "another", expected: "the same" },
      { what: "servers of the cluster", seen: String(status.match(/ at tcp:/g)?.length ?? 0), expected: "3" },
    ];
  },
};

/** Starts a cluster of three servers. Returns their addresses for each other, and for clients. */
async function startCluster({ sandbox, programs }: CheckContext) {
  const raft: string[] = [];
  const clients: string[] = [];
  for (const name of ["one", "two", "three"]) {
    raft.push(`tcp:127.0.0.1:${await freePort()}`);
    const [first = "", own = ""] = [raft[0], raft.at(-1)];
    const made =
      name === "one"
        ? ["create-cluster", "one.db", pathOf(programs, "vswitch.ovsschema"), first]
        : ["join-cluster", `${name}.db`, database, own, first];
    await sandbox.ask("ovsdb-tool", made);
    clients.push(await startDatabase(sandbox, name, [`${name}.db`]));
    await sandbox.waitFor(`server ${name} is in the cluster`, async () => {
      const status = await appctl(sandbox, name, ["cluster/status", database]);
      return /^Status: cluster member$/m.test(status) ? true : undefined;
    });
  }
  return { raft, clients };
}

async function sidOf({ sandbox }: CheckContext): Promise<string> {
  return appctl(sandbox, "three", ["cluster/sid", database]);
}
