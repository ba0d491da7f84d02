import { chmod, copyFile, mkdir, symlink, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Check, CheckContext } from "../check.ts";
import { pathOf } from "../programs.ts";

/** A stand-in that prints the network addresses it should listen on, instead of listening. */
const standIn = `#!/bin/sh
for arg; do
    case $arg in --remote=ptcp:*|--remote=pssl:*) echo "listens: $arg" ;; esac
done
`;

/** Entry 5: where `ovn-ctl` makes a database listen when insecure listeners are off. */
export const sslListener: Check = {
  entry: 5,
  behavior: "`ovn-ctl` lets a database listen on pssl:PORT:ADDR unless an insecure listener (ptcp) is asked for",
  programs: ["ovsdb-tool"],
  files: ["ovn-ctl", "ovn-lib", "ovs-lib", "ovn-nb.ovsschema", "ovn-sb.ovsschema"],
  unpatched: "differs",
  observe: async (context) => {
    await install(context);
    const ipv4 = ["--db-nb-addr=127.0.0.1", "--db-nb-port=16641"];
    const secure = ["--db-nb-create-insecure-remote=no", ...ipv4];
    const insecure = ["--db-nb-create-insecure-remote=yes", ...ipv4];
    return [
      { what: "NB, secure", seen: await listens(context, [...secure, "run_nb_ovsdb"]), expected: "pssl:16641:127.0.0.1" },
      { what: "NB, insecure", seen: await listens(context, [...insecure, "run_nb_ovsdb"]), expected: "ptcp:16641:127.0.0.1" },
      { what: "SB, defaults", seen: await listens(context, ["run_sb_ovsdb"]), expected: "pssl:6642:0.0.0.0" },
      { what: "SB, IPv6", seen: await listens(context, ["--db-sb-addr=[::1]", "run_sb_ovsdb"]), expected: "pssl:6642:[::1]" },
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
  await mkdir(join(sandbox.dir, "bin"));
  await symlink(pathOf(programs, "ovsdb-tool"), join(sandbox.dir, "bin/ovsdb-tool"));
  await writeFile(join(sandbox.dir, "bin/ovsdb-server"), standIn);
  await chmod(join(sandbox.dir, "bin/ovsdb-server"), 0o755);
}

async function listens({ sandbox }: CheckContext, args: readonly string[]): Promise<string> {
  const env = {
    PATH: [join(sandbox.dir, "bin"), sandbox.env["PATH"] ?? ""].join(delimiter),
    OVN_PKGDATADIR: join(sandbox.dir, "share/ovn"),
  };
  const script = join(sandbox.dir, "share/ovn/scripts/ovn-ctl");
  const { stdout } = await sandbox.run(script, args, { env });
  const remotes = [...stdout.matchAll(/^listens: --remote=(\S+)$/gm)].map((match) => match[1]);
  return remotes.length === 0 ? "no network listener" : remotes.join(" ");
}
