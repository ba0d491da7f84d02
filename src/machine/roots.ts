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
  const roots = await Promise.all(
    (wanted === undefined ? knownRoots : [wanted]).map(async (known) => ({ known, hasKeys: await exists(known.keyring) })),
  );
  const packages = roots.flatMap(({ known, hasKeys }) => (hasKeys ? [] : [known.keyringPackage]));
  const offered = packages.length === 0 ? new Set<string>() : await offeredOf([...new Set([...packages, "dpkg"])], host);
  return roots.map(({ known, hasKeys }) => {
    const keys = hasKeys ? [] : [lackOfKeys(known, offered)];
    return describe(known, [...lacks, ...keys], wanted === undefined ? "warning" : "missing");
  });
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

/** Those of the packages that apt offers. Asked each time, it reads its lists, which takes half a second. */
async function offeredOf(names: readonly string[], host: Host): Promise<ReadonlySet<string>> {
  const listed = await tryExec("apt-cache", ["madison", ...names], { host });
  return new Set(listed?.stdout.split("\n").map((row) => row.split("|")[0]?.trim() ?? ""));
}

/** Debian 12 has no package with Ubuntu's keys. */
function lackOfKeys({ keyring, keyringPackage }: KnownRoot, offered: ReadonlySet<string>): Lack {
  const what = `no archive keys in ${keyring}`;
  // Without lists, apt knows no package at all.
  if (offered.has(keyringPackage) || !offered.has("dpkg")) return { what, package: keyringPackage };
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
