import { basename, join } from "node:path";
import { mkdir } from "node:fs/promises";
import { BuildError } from "../../errors.ts";
import { listOf } from "../../list.ts";
import { assertEmulated } from "../../prove/qemu.ts";
import type { Host } from "../../sys/exec.ts";
import { cloneFile } from "../../sys/files.ts";
import { runTask } from "../../sys/run-task.ts";
import { count } from "../../sys/text.ts";
import type { Check, Findings } from "../../verify/check.ts";
import type { Subject } from "../../verify/subject.ts";
import type { TrialContext } from "../context.ts";
import { withCopy, type Copy } from "../copy.ts";
import { leftBehind } from "../left-behind.ts";
import type { FindRoots, TrialRoots } from "../roots.ts";
import {
  findLibraries,
  installPackages,
  listBridges,
  listFiles,
  listNewer,
  listPackages,
  makeBridge,
  purgePackages,
  runServices,
  verifyPackages,
} from "../scripts.ts";

/** Services that need nothing but the packages; each after those that it needs. */
const services = ["openvswitch-switch", "ovn-central", "ovn-host"];

/** Debian packages in clean roots of their distribution, as a person installs them. */
export function installCheck(context: TrialContext, findRoots: FindRoots): Check {
  return {
    name: "install",
    proves:
      "apt installs the packages in a clean root, and over the distribution's own; every library is found, the services start and stop, and purge leaves nothing.",
    run: async (subject, host) => {
      const { file, title, archives, manifest } = subject;
      if (archives.every(({ artifact }) => artifact.package === undefined)) return { skipped: `${title} has no Debian packages` };
      if (file !== undefined) return { skipped: `${title} is one file` };
      const isForeign = manifest.arch !== context.machine.arch;
      if (isForeign) await assertEmulated(manifest.arch, { host });
      const roots = await findRoots(subject, host);
      const parts = [async (below: Host) => inClean(subject, roots, isForeign, context, below)];
      if (roots.before !== undefined) parts.push(async (below) => overOwn(roots, roots.before ?? "", isForeign, context, below));
      const found: Findings[] = [];
      for (const part of parts) found.push(await part(host));
      return {
        evidence: found.flatMap(({ evidence }) => evidence),
        problems: found.flatMap(({ problems }) => problems),
        warnings: [
          ...found.flatMap(({ warnings = [] }) => warnings),
          ...(isForeign ? [`The services were not started: the programs are for ${manifest.arch}.`] : []),
          ...(roots.before === undefined ? [`${roots.known.distribution} has none of these packages to upgrade from.`] : []),
        ],
      };
    },
  };
}

/** Installs, starts, stops and purges in a root that has only what the packages need. */
async function inClean(
  subject: Subject,
  roots: TrialRoots,
  isForeign: boolean,
  { project }: TrialContext,
  host: Host,
): Promise<Findings> {
  const names = roots.debs.map(({ name }) => name);
  const env = { PACKAGES: names.join(" "), SERVICES: services.join(" ") };
  return runTask(host, `install ${count(names.length, "package")} in a clean root`, async (below) =>
    collect(async ({ evidence, problems, warnings }) =>
      withCopy(roots.clean, { work: project.work, host: below }, async (copy) => {
        await putDebs(copy, roots);
        const before = await copy.run("list the files", listFiles);
        await install(copy, roots, env);
        evidence.push(`apt installed ${count(names.length, "package")} in ${roots.known.name} without network.`);
        const changed = (await copy.run("dpkg --verify", verifyPackages, { env })).trim();
        if (changed === "") evidence.push("dpkg --verify finds every file as it was packed.");
        else problems.push(...changed.split("\n").map((row) => `dpkg --verify: ${row}`));
        const programs = subject.programs.map(({ name }) => `/${name.slice(name.indexOf(": ") + 2)}`);
        const lost = (await copy.run("ldd", findLibraries, { input: `${programs.join("\n")}\n` })).trim();
        if (lost === "") evidence.push(`All libraries of ${count(programs.length, "program")} are found (ldd).`);
        else problems.push(...lost.split("\n").map((row) => `${row} is not found (ldd).`));
        if (!isForeign) {
          const { started, said } = await startServices(copy, env);
          evidence.push(...said);
          const silent = services.filter((name) => names.includes(name) && !started.includes(name));
          problems.push(...silent.map((name) => `${name} has no init script, so its service was not started.`));
        }
        await copy.run("purge the packages", purgePackages, { env });
        const left = leftBehind(before.split("\n"), (await copy.run("list the files", listFiles)).split("\n"));
        if (left.unknown.length === 0)
          evidence.push("After purge, no file of the packages or their services is left, but known ones.");
        problems.push(...left.unknown.map((path) => `Purge leaves ${path}.`));
        warnings.push(...left.known.map(({ paths, why }) => `Purge leaves, known: ${listOf(paths)} (${why}).`));
      }),
    ),
  );
}

/** Upgrades the distribution's own packages, whose database must stay. */
async function overOwn(
  { debs, known, own, ...roots }: TrialRoots,
  tree: string,
  isForeign: boolean,
  { project }: TrialContext,
  host: Host,
): Promise<Findings> {
  const env = { PACKAGES: debs.map(({ name }) => name).join(" "), SERVICES: "openvswitch-switch" };
  return runTask(host, `upgrade ${count(own.length, "package")} of ${known.distribution}`, async (below) =>
    collect(async ({ evidence, problems, warnings }) =>
      withCopy(tree, { work: project.work, host: below }, async (copy) => {
        await putDebs(copy, { debs });
        const hasDatabase = !isForeign && own.includes("openvswitch-switch");
        if (hasDatabase) await copy.run("the distribution's own Open vSwitch", makeBridge, { env });
        const old = await copy.run("list the packages", listPackages, { env: { PACKAGES: own.join(" ") } });
        const newer = (await copy.run("compare the versions", listNewer)).trim();
        if (newer !== "")
          warnings.push(
            `${known.distribution} has newer packages, which apt replaces only with --allow-downgrades: ${listOf(newer.split("\n"))}.`,
          );
        await install(
          copy,
          { ...roots, debs, known, own },
          { ...env, ...(newer === "" ? {} : { OPTIONS: "--allow-downgrades" }) },
        );
        evidence.push(
          `apt ${newer === "" ? "upgraded" : "replaced"} ${listOf(
            old
              .trim()
              .split("\n")
              .map((row) => row.split(" ", 2).join(" ")),
          )}.`,
        );
        if (!hasDatabase) return;
        if (/^bridge kovn0$/m.test(await copy.run("the upgraded services", listBridges, { env })))
          evidence.push("The upgraded Open vSwitch starts, with the bridge that was made before.");
        else problems.push("The upgraded Open vSwitch lost the bridge that was made before.");
      }),
    ),
  );
}

async function putDebs({ files }: Copy, { debs }: Pick<TrialRoots, "debs">): Promise<void> {
  await mkdir(join(files, "debs"));
  for (const { path } of debs) await cloneFile(path, join(files, "debs", basename(path)));
}

/** Throws "build" unless dpkg has every package as installed. */
async function install(copy: Copy, { debs }: TrialRoots, env: Readonly<Record<string, string>>): Promise<void> {
  await copy.run("apt-get install", installPackages, { env });
  const rows = (await copy.run("list the packages", listPackages, { env })).trim().split("\n");
  const states = new Map(rows.map((row) => row.split(" ")).map(([name = "", , state]) => [name, state]));
  const missing = debs.filter(({ name }) => states.get(name) !== "ii").map(({ name }) => name);
  if (missing.length > 0) throw new BuildError("build", `apt did not install ${listOf(missing)}.`);
}

async function startServices(copy: Copy, env: Readonly<Record<string, string>>) {
  const rows = (await copy.run("services", runServices, { env })).split("\n");
  const started = rows.flatMap((row) => /^service (.*)/.exec(row)?.[1] ?? []);
  if (started.length === 0) return { started, said: [] };
  const registered = rows.includes("registered") ? "; ovn-controller registered in the southbound database" : "";
  return { started, said: [`Services started and stopped: ${listOf(started.toSorted())}${registered}.`] };
}

/** Collects evidence and problems. A step that fails is a problem, and what was seen before it stays. */
async function collect(
  work: (found: { readonly [name in "evidence" | "problems" | "warnings"]: string[] }) => Promise<void>,
): Promise<Findings> {
  const found = { evidence: [] as string[], problems: [] as string[], warnings: [] as string[] };
  await work(found).catch((error: unknown) => {
    if (!(error instanceof BuildError) || error.code !== "build") throw error;
    found.problems.push(error.message);
  });
  return found;
}
