import { join } from "node:path";
import { freePort } from "../sys/ports.ts";
import { pathOf, type Programs } from "./programs.ts";
import type { Sandbox } from "./sandbox.ts";

/** Where a database listens (ovsdb-server(1), `--remote`), and the address that clients connect to. */
export interface Listener {
  readonly remote: string;
  readonly address: string;
}

/** Chooses where a database of the sandbox listens. */
export type Listen = (sandbox: Sandbox, name: string) => Promise<Listener>;

/** Checks listen on 127.0.0.1, not on unix sockets: Wine has none. */
const onLoopback: Listen = async () => {
  const port = await freePort();
  return { remote: `ptcp:${port}:127.0.0.1`, address: `tcp:127.0.0.1:${port}` };
};

/** What `startDatabase` uses. */
export const databasePrograms = ["ovsdb-server", "ovsdb-tool", "ovs-appctl"];

/** Runs a command in a server of the sandbox through its control socket, and returns the output. */
export async function appctl(sandbox: Sandbox, server: string, args: readonly string[]): Promise<string> {
  return sandbox.ask("ovs-appctl", ["-t", join(sandbox.dir, `${server}.ctl`), ...args]);
}

/** Arguments for all daemons, with which `appctl` finds them by `name`. */
export function daemonArgs(sandbox: Sandbox, name: string): readonly string[] {
  return ["-vsyslog:off", `--unixctl=${join(sandbox.dir, `${name}.ctl`)}`, `--log-file=${join(sandbox.dir, `${name}.log`)}`];
}

/** Waits until a daemon responds on its control socket. */
export async function waitForDaemon(sandbox: Sandbox, name: string): Promise<void> {
  await sandbox.waitFor(`${name} answers`, async () => {
    const result = await sandbox.run("ovs-appctl", ["-t", join(sandbox.dir, `${name}.ctl`), "version"]);
    return result.exitCode === 0 ? true : undefined;
  });
}

/** Starts one ovsdb-server for database files, and returns its address. */
export async function startDatabase(
  sandbox: Sandbox,
  name: string,
  files: readonly string[],
  listen: Listen = onLoopback,
): Promise<string> {
  const { remote, address } = await listen(sandbox, name);
  sandbox.start("ovsdb-server", [...daemonArgs(sandbox, name), `--remote=${remote}`, ...files]);
  await waitForDaemon(sandbox, name);
  return address;
}

/** What `startSwitch` uses. */
export const switchPrograms = [...databasePrograms, "ovs-vswitchd", "ovs-vsctl"];
export const switchFiles = ["vswitch.ovsschema"];

/**
 * A running switch on the dummy datapath, with dummy ports only: it needs neither root nor the
 * kernel.
 */
export interface Switch {
  /** The address of its database. */
  readonly database: string;
  readonly vsctl: (...args: readonly string[]) => Promise<string>;
  readonly appctl: (...args: readonly string[]) => Promise<string>;
}

/** Starts ovsdb-server and ovs-vswitchd. */
export async function startSwitch(sandbox: Sandbox, programs: Programs, listen?: Listen): Promise<Switch> {
  await sandbox.ask("ovsdb-tool", ["create", "conf.db", pathOf(programs, "vswitch.ovsschema")]);
  const database = await startDatabase(sandbox, "conf", ["conf.db"], listen);
  const vsctl = (...args: readonly string[]) => sandbox.ask("ovs-vsctl", ["--timeout=20", `--db=${database}`, ...args]);
  await vsctl("--no-wait", "init");
  sandbox.start("ovs-vswitchd", [
    ...daemonArgs(sandbox, "vswitchd"),
    "--enable-dummy=override",
    "--disable-system",
    "--disable-system-route",
    database,
  ]);
  await waitForDaemon(sandbox, "vswitchd");
  return { database, vsctl, appctl: (...args) => appctl(sandbox, "vswitchd", args) };
}

/**
 * Arguments of ovs-vsctl that add a bridge on the dummy datapath which learns MAC addresses, with
 * ports p1, p2 and so on.
 */
export function learningBridge(name: string, ports: number): readonly string[] {
  const bridge = ["add-br", name, "--", "set", "Bridge", name, "datapath_type=dummy", "fail-mode=standalone"];
  const each = Array.from({ length: ports }, (_, index) => [
    ...["--", "add-port", name, `p${index + 1}`],
    ...["--", "set", "Interface", `p${index + 1}`, "type=dummy", `ofport_request=${index + 1}`],
  ]);
  return [...bridge, ...each.flat()];
}
