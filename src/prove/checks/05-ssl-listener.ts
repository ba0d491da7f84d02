import { chmod, copyFile, mkdir, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { freePort } from "../../sys/ports.ts";
import type { Check, CheckContext } from "../check.ts";
import { pathOf } from "../programs.ts";
import { readText } from "../../sys/read-file.ts";

/** A stand-in that prints the network addresses it should listen on, instead of listening. */
const standIn = `#!/bin/sh
for arg; do
    case $arg in --remote=ptcp:*|--remote=pssl:*) echo "listens: $arg" ;; esac
done
`;

/** Programs that would wait for the server that the stand-in does not start. */
const clients = ["ovn-nbctl", "ovn-sbctl", "ovsdb-client"];

/** Entry 5: where `ovn-ctl` makes a database listen when insecure listeners are off. */
export const sslListener: Check = {
  entry: 5,
  behavior:
    "`ovn-ctl` lets a clustered database with a private key listen on pssl:PORT:ADDR if it would have no network listener otherwise; one that a package starts has none, so that `ovn-nbctl set-connection` can choose the port",
  programs: ["ovsdb-tool", "ovsdb-server", "ovsdb-client", "ovn-nbctl"],
  files: ["ovn-ctl", "ovn-lib", "ovs-lib", "ovn-nb.ovsschema", "ovn-sb.ovsschema"],
  unpatched: "differs",
  observe: async (context) => {
    await install(context);
    const ipv4 = ["--db-nb-addr=127.0.0.1", "--db-nb-port=16641"];
    const call = (db: "nb" | "sb") => [
      `--db-${db}-cluster-local-addr=127.0.0.1`,
      `--db-${db}-use-remote-in-db=no`,
      `--ovn-${db}-db-ssl-key=key.pem`,
    ];
    const insecure = "--db-nb-create-insecure-remote=yes";
    return [
      {
        what: "NB, Kube-OVN's call",
        seen: await listens(context, [...call("nb"), ...ipv4, "run_nb_ovsdb"]),
        expected: "pssl:16641:127.0.0.1",
      },
      {
        what: "SB, IPv6",
        seen: await listens(context, [...call("sb"), "--db-sb-addr=[::1]", "run_sb_ovsdb"]),
        expected: "pssl:6642:[::1]",
      },
      {
        what: "NB, insecure",
        seen: await listens(context, [...call("nb"), ...ipv4, insecure, "run_nb_ovsdb"]),
        expected: "ptcp:16641:127.0.0.1",
      },
      { what: "NB, as packages start it", seen: await listens(context, ["run_nb_ovsdb"]), expected: "no network listener" },
      { what: "SB, as packages start it", seen: await listens(context, ["run_sb_ovsdb"]), expected: "no network listener" },
      { what: "`set-connection ptcp:PORT` after that", seen: await setConnection(context), expected: "listens" },
    ];
  },
};

/**
 * ovn-ctl finds its libraries relative to its own path, so all are copied as they are installed.
 */
async function install({ sandbox, programs }: CheckContext): Promise<void> {
  const places: Readonly<Record<string, readonly string[]>> = {
    "share/ovn/scripts": ["ovn-ctl", "ovn-lib"],
    "share/openvswitch/scripts": ["ovs-lib"],
    "share/ovn": ["ovn-nb.ovsschema", "ovn-sb.ovsschema"],
  };
  for (const [folder, names] of Object.entries(places)) {
    await mkdir(join(sandbox.dir, folder), { recursive: true });
    for (const name of names) await copyFile(pathOf(programs, name), join(sandbox.dir, folder, name));
  }
  for (const folder of ["bin", "real"]) {
    await mkdir(join(sandbox.dir, folder));
    await sandbox.wrap("ovsdb-tool", join(sandbox.dir, folder, "ovsdb-tool"));
  }
  await sandbox.wrap("ovsdb-server", join(sandbox.dir, "real/ovsdb-server"));
  const standIns = { "ovsdb-server": standIn, ...Object.fromEntries(clients.map((name) => [name, "#!/bin/sh\n"])) };
  for (const [name, text] of Object.entries(standIns)) {
    await writeFile(join(sandbox.dir, "bin", name), text);
    await chmod(join(sandbox.dir, "bin", name), 0o755);
  }
}

/** The environment and the path of ovn-ctl, which finds the programs in `folder` first. */
function ovnCtl(
  { sandbox }: CheckContext,
  folder: string,
): { readonly script: string; readonly env: Readonly<Record<string, string>> } {
  const path = [join(sandbox.dir, folder), sandbox.env["PATH"] ?? ""].join(delimiter);
  const env = { PATH: path, OVN_PKGDATADIR: join(sandbox.dir, "share/ovn") };
  return { script: join(sandbox.dir, "share/ovn/scripts/ovn-ctl"), env };
}

async function listens(context: CheckContext, args: readonly string[]): Promise<string> {
  const { script, env } = ovnCtl(context, "bin");
  const { stdout } = await context.sandbox.run(script, args, { env });
  const remotes = [...stdout.matchAll(/^listens: --remote=(\S+)$/gm)].map((match) => match[1]);
  return remotes.length === 0 ? "no network listener" : remotes.join(" ");
}

/**
 * Starts a real server as packages do, but on a port of its own, and lets its database name that
 * port.
 */
async function setConnection(context: CheckContext): Promise<string> {
  const { sandbox } = context;
  const { script, env } = ovnCtl(context, "real");
  const port = await freePort();
  const files = [`--db-nb-file=${join(sandbox.dir, "real.db")}`, `--ovn-nb-logfile=${join(sandbox.dir, "real.log")}`];
  const settings = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  sandbox.start("/usr/bin/env", [
    ...settings,
    script,
    ...files,
    "--db-nb-addr=127.0.0.1",
    `--db-nb-port=${port}`,
    "run_nb_ovsdb",
  ]);
  const nbctl = async (...args: readonly string[]) =>
    sandbox.run("ovn-nbctl", ["--timeout=20", `--db=unix:${join(sandbox.dir, "ovnnb_db.sock")}`, ...args]);
  await sandbox.waitFor("the database answers", async () => ((await nbctl("init")).exitCode === 0 ? true : undefined));
  await nbctl("set-connection", `ptcp:${port}:127.0.0.1`);
  return sandbox.waitFor("the database listens", async () => {
    const answer = await sandbox.run("ovsdb-client", ["--timeout=20", "list-dbs", `tcp:127.0.0.1:${port}`]);
    if (answer.exitCode === 0) return "listens";
    return /Address already in use/.exec(await readText(join(sandbox.dir, "real.log"), "a log"))?.[0];
  });
}
