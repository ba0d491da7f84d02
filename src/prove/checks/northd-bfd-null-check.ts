import { join } from "node:path";
import type { Check } from "../check.ts";
import { northdFiles, northdPrograms, startNorthd } from "../northd.ts";

/** A BFD session whose port does not exist. */
export const bfdOfNoPort: Check = {
  patch: "northd-bfd-null-check",
  behavior: "ovn-northd goes on with a BFD session of a port that does not exist, and sets up the others",
  programs: northdPrograms,
  files: northdFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const { nbctl, database } = await startNorthd(sandbox, programs);
    await nbctl("lr-add", "lr", "--", "lrp-add", "lr", "lr-ls", "00:00:00:00:ff:01", "10.0.0.1/24");
    await nbctl("create", "BFD", "logical_port=none", "dst_ip=10.0.1.2");
    await nbctl("create", "BFD", "logical_port=lr-ls", "dst_ip=10.0.0.2");
    const list = ["--timeout=20", `--db=${database}`, "--bare", "--columns=logical_port", "list", "BFD"];
    const sessions = await sandbox.waitFor("ovn-northd sets up the other session", async () => {
      const ports = await sandbox.ask("ovn-sbctl", list);
      if (ports !== "") return ports;
      const { exitCode } = await sandbox.run("ovs-appctl", ["-t", join(sandbox.dir, "northd.ctl"), "version"]);
      return exitCode === 0 ? undefined : "none, and ovn-northd ended";
    });
    return [{ what: "ports with a BFD session", seen: sessions, expected: "lr-ls" }];
  },
};
