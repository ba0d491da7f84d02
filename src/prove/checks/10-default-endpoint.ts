import { join } from "node:path";
import type { Check } from "../check.ts";
import { pathOf } from "../programs.ts";
import { daemonArgs, switchFiles, switchPrograms, waitForDaemon } from "../servers.ts";

/** Entry 10: where clients look for the database by default. It changes this on Windows only. */
export const defaultEndpoint: Check = {
  entry: 10,
  behavior:
    "Linux is unchanged: ovs-vsctl, ovsdb-client and ovs-vswitchd find the database at unix:<run folder>/db.sock; only Windows programs differ, so that unpatched ones pass as well",
  programs: [...switchPrograms, "ovsdb-client"],
  files: switchFiles,
  unpatched: "same",
  observe: async ({ sandbox, programs }) => {
    await sandbox.ask("ovsdb-tool", ["create", "conf.db", pathOf(programs, "vswitch.ovsschema")]);
    sandbox.start("ovsdb-server", [...daemonArgs(sandbox, "conf"), `--remote=punix:${join(sandbox.dir, "db.sock")}`, "conf.db"]);
    await waitForDaemon(sandbox, "conf");
    const listed = await sandbox.run("ovsdb-client", ["list-dbs"]);
    const set = await sandbox.run("ovs-vsctl", ["--timeout=20", "--no-wait", "init"]);
    sandbox.start("ovs-vswitchd", [...daemonArgs(sandbox, "vswitchd"), "--enable-dummy=override", "--disable-system"]);
    const bridge = ["add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy"];
    const made = await sandbox.run("ovs-vsctl", ["--timeout=20", ...bridge]);
    const uses = (yes: boolean) => (yes ? "db.sock" : "not db.sock");
    return [
      { what: "ovsdb-client", seen: uses(listed.stdout.includes("Open_vSwitch")), expected: "db.sock" },
      { what: "ovs-vsctl", seen: uses(set.exitCode === 0), expected: "db.sock" },
      { what: "ovs-vswitchd", seen: uses(made.exitCode === 0), expected: "db.sock" },
    ];
  },
};

/** Entry 10 on Windows: the programs are started without the address of the database. */
export const windowsEndpoint: Check = {
  entry: 10,
  behavior: "ovs-vsctl, ovsdb-client and ovs-vswitchd find the database at tcp:127.0.0.1:6640 when none is named",
  programs: [...switchPrograms, "ovsdb-client"],
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    await sandbox.ask("ovsdb-tool", ["create", "conf.db", pathOf(programs, "vswitch.ovsschema")]);
    sandbox.start("ovsdb-server", [...daemonArgs(sandbox, "conf"), "--remote=ptcp:6640:127.0.0.1", "conf.db"]);
    await waitForDaemon(sandbox, "conf");
    const listed = await sandbox.run("ovsdb-client", ["list-dbs"]);
    const set = await sandbox.run("ovs-vsctl", ["--timeout=20", "--no-wait", "init"]);
    sandbox.start("ovs-vswitchd", [...daemonArgs(sandbox, "vswitchd"), "--enable-dummy=override"]);
    const bridge = ["add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy"];
    const made = await sandbox.run("ovs-vsctl", ["--timeout=20", ...bridge]);
    const uses = (yes: boolean) => (yes ? "port 6640" : "not port 6640");
    return [
      { what: "ovsdb-client", seen: uses(listed.stdout.includes("Open_vSwitch")), expected: "port 6640" },
      { what: "ovs-vsctl", seen: uses(set.exitCode === 0), expected: "port 6640" },
      { what: "ovs-vswitchd", seen: uses(made.exitCode === 0), expected: "port 6640" },
    ];
  },
};
