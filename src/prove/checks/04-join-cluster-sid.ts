import type { Check } from "../check.ts";
import type { Sandbox } from "../sandbox.ts";

const sid = "11111111-2222-3333-4444-555555555555";

/** Entry 4: the server id of a server that joins a cluster. */
export const joinClusterSid: Check = {
  entry: 4,
  behavior:
    "`ovsdb-tool --sid=UUID join-cluster` gives the new server that id, rejects an invalid one, and without --sid the id is random",
  programs: ["ovsdb-tool"],
  files: [],
  unpatched: "differs",
  observe: async ({ sandbox }) => {
    const random = [await join(sandbox, "random1.db", []), await join(sandbox, "random2.db", [])];
    return [
      { what: `--sid=${sid}`, seen: await join(sandbox, "given.db", [`--sid=${sid}`]), expected: sid },
      { what: "--sid=xyz", seen: await join(sandbox, "bad.db", ["--sid=xyz"]), expected: "xyz: not a valid UUID" },
      { what: "two without --sid", seen: random[0] === random[1] ? "same id" : "different ids", expected: "different ids" },
    ];
  },
};

/** The server id in the new file, or ovsdb-tool's error. */
async function join(sandbox: Sandbox, file: string, options: readonly string[]): Promise<string> {
  const cluster = ["OVN_Northbound", "tcp:127.0.0.1:6643", "tcp:127.0.0.1:6644"];
  const { exitCode, stderr } = await sandbox.run("ovsdb-tool", [...options, "join-cluster", file, ...cluster]);
  if (exitCode === 0) return sandbox.ask("ovsdb-tool", ["db-sid", file]);
  return (stderr.trim().split("\n")[0] ?? "").replace(/^\S*ovsdb-tool: /, "");
}
