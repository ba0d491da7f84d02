import type { Check, Fact } from "../check.ts";
import { pathOf } from "../programs.ts";
import { startSwitch, switchFiles, switchPrograms, type Switch } from "../servers.ts";
import { readBytes } from "../../sys/read-file.ts";

/** Entry 16: what a deleted port leaves behind, and what happens to free heap memory. */
export const memory: Check = {
  entry: 16,
  behavior:
    "the number of a deleted port counts as never used, and ovs-vswitchd gives free heap memory back, at most once every 30 s",
  programs: switchPrograms,
  files: switchFiles,
  unpatched: "differs",
  observe: async ({ sandbox, programs }) => {
    const running = await startSwitch(sandbox, programs);
    const imports = (await readBytes(pathOf(programs, "ovs-vswitchd"), "a program")).includes("\0malloc_trim\0");
    return [
      await portNumbers(running),
      { what: "ovs-vswitchd imports malloc_trim", seen: imports ? "yes" : "no", expected: "yes" },
      { what: "trims in 60 s of a busy main loop", seen: await trimsInAMinute(running), expected: "2" },
    ];
  },
};

/** Entry 16 on Windows, without the part about memory, which needs glibc. */
export const windowsMemory: Check = {
  ...memory,
  behavior: "the number of a deleted port counts as never used; free heap memory is given back only where glibc is",
  observe: async ({ sandbox, programs }) => [await portNumbers(await startSwitch(sandbox, programs))],
};

async function portNumbers(running: Switch): Promise<Fact> {
  return { what: "numbers of ports 1 to 3 after port 2 was deleted", seen: await numbersAfterDelete(running), expected: "1 2 3" };
}

/**
 * Numbers are assigned in ascending order. Upstream skips one that was in use within the last hour.
 */
async function numbersAfterDelete({ vsctl }: Switch): Promise<string> {
  await vsctl("add-br", "br0", "--", "set", "Bridge", "br0", "datapath_type=dummy", "fail-mode=secure");
  await vsctl("add-port", "br0", "used", "--", "set", "Interface", "used", "type=dummy", "ofport_request=2");
  await vsctl("del-port", "used");
  const numbers: string[] = [];
  for (const name of ["a", "b", "c"]) {
    await vsctl("add-port", "br0", name, "--", "set", "Interface", name, "type=dummy");
    numbers.push(await vsctl("get", "Interface", name, "ofport"));
  }
  return numbers.join(" ");
}

/**
 * The patch counts its calls. Time stands still, except for the seconds that this function lets
 * pass.
 */
async function trimsInAMinute({ appctl }: Switch): Promise<string> {
  await appctl("time/stop");
  const pass = async (seconds: number) => {
    for (let second = 0; second < seconds; second++) await appctl("time/warp", "1000");
    return Number(await appctl("coverage/read-counter", "bridge_malloc_trim").catch(() => "no"));
  };
  // First a whole interval, so that the next one starts at a known time.
  const before = await pass(31);
  const after = await pass(60);
  return Number.isNaN(before) ? "not counted" : String(after - before);
}
