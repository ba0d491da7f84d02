import { knownRoots, type KnownRoot } from "../root/known.ts";
import { inNamespaces } from "../root/namespaces.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { isRoot } from "../sys/processes.ts";
import type { MachineCheck } from "./check.ts";
import { allowUsers } from "./user-namespaces.ts";

/** Something that is missing on this machine to make a root. */
interface Lack {
  readonly what: string;
  readonly package?: string;
  readonly fix?: string;
}

/** Checks what this machine has to make each root, or only the given one, without which no build runs. */
export async function checkRoots(host: Host, wanted?: KnownRoot): Promise<readonly MachineCheck[]> {
  const lacks = await findLacks(host);
  const checks = (wanted === undefined ? knownRoots : [wanted]).map(async (known) => {
    const keys = (await exists(known.keyring)) ? [] : [await lackOfKeys(known, host)];
    return describe(known, [...lacks, ...keys], wanted === undefined ? "warning" : "missing");
  });
  return Promise.all(checks);
}

function describe({ name }: KnownRoot, lacks: readonly Lack[], status: "warning" | "missing"): MachineCheck {
  const check = { name: `root ${name}`, wanted: "what makes a root and runs jobs in it (mmdebstrap, bubblewrap)" };
  if (lacks.length === 0) return { ...check, status: "ok", found: "can be made" };
  const packages = lacks.flatMap((lack) => lack.package ?? []);
  const install = packages.length === 0 ? [] : [`apt-get install --no-install-recommends ${packages.join(" ")}`];
  const fix = [...install, ...lacks.flatMap((lack) => lack.fix ?? [])].join(" && ");
  const found = lacks.map(({ what }) => what).join(", ");
  // For a root that nobody asked for, `doctor --fix` installs nothing.
  return { ...check, status, found, fix, ...(status === "missing" && packages.length > 0 ? { packages } : {}) };
}

/** Debian 12 has no package with Ubuntu's keys. */
async function lackOfKeys({ keyring, keyringPackage }: KnownRoot, host: Host): Promise<Lack> {
  const what = `no archive keys in ${keyring}`;
  const isOffered = async (name: string) => Boolean((await tryExec("apt-cache", ["madison", name], { host }))?.stdout);
  // Without lists, apt knows no package at all.
  if ((await isOffered(keyringPackage)) || !(await isOffered("dpkg"))) return { what, package: keyringPackage };
  return { what, fix: `copy ${keyring} from a machine that has its package ${keyringPackage}` };
}

async function findLacks(host: Host): Promise<readonly Lack[]> {
  const needed = [["mmdebstrap", "mmdebstrap"], ["bwrap", "bubblewrap"], ...(isRoot ? [] : [["newuidmap", "uidmap"]])];
  const lacks: Lack[] = [];
  for (const [program = "", name = ""] of needed)
    // newuidmap has no `--version`; it says how it is used.
    if ((await tryExec(program, ["--version"], { host })) === undefined) lacks.push({ what: `no ${program}`, package: name });
  // Without them the trials below say nothing more.
  if (lacks.length > 0) return lacks;
  const [program, ...args] = [...inNamespaces, "true"];
  const made = await tryExec(program, args, { host });
  if (made?.exitCode !== 0)
    lacks.push({
      what: `no namespaces (${firstLine(made?.stderr ?? "")})`,
      fix: isRoot
        ? "run it where root may mount file systems"
        : (allowUsers() ?? "give this user ids in /etc/subuid and /etc/subgid, or run it as root"),
    });
  const entered = await tryExec("bwrap", ["--unshare-all", "--unshare-user", "--ro-bind", "/", "/", "true"], { host });
  if (entered?.exitCode !== 0)
    lacks.push({
      what: `bubblewrap cannot be used (${firstLine(entered?.stderr ?? "")})`,
      fix: allowUsers() ?? "allow user namespaces (user_namespaces(7))",
    });
  return lacks;
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0] || "no reason is given";
}
