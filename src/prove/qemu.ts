import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BuildError } from "../errors.ts";
import { readEmulation } from "../root/emulation.ts";
import { rootForVersion, type KnownRoot } from "../root/known.ts";
import type { Mirrors } from "../root/mirrors.ts";
import { takeRoots } from "../root/take-roots.ts";
import { packageFields } from "../sys/deb.ts";
import { tryExec, type Host } from "../sys/exec.ts";
import { sha256File } from "../sys/files.ts";
import { gnuCpu } from "../sys/gnu-cpu.ts";
import { native, type Runner } from "./runner.ts";

export interface QemuOptions {
  /** Debian's name of this machine's architecture. */
  readonly arch: string;
  /** The `.kovn` folder. */
  readonly work: string;
  readonly mirrors: Mirrors;
  readonly host: Host;
  /** Where the kernel lists what runs foreign programs (binfmt_misc). */
  readonly binfmt?: string;
}

/**
 * Installs the Debian packages of a folder, which are for another architecture, in a root of their
 * distribution, and returns how to run its programs: QEMU does, as the kernel's binfmt_misc says. The
 * root is kept. Throws "usage" for other packages, "machine" without QEMU or its entry in binfmt_misc.
 */
export async function startQemu(dir: string, options: QemuOptions): Promise<{ readonly runner: Runner; readonly tree: string }> {
  const { work, mirrors, host } = options;
  const { arch, known, debs } = await readPackages(dir, options);
  await assertEmulated(arch, options);
  const [root] = await takeRoots({ known, arch, debs, mirrors }, [[]], { work, host });
  const { tree = "" } = root ?? {};
  // With it, QEMU finds the files of the root by their absolute paths: the loader, libraries, schemas.
  return { runner: { ...native, timeoutMs: 120_000, env: { QEMU_LD_PREFIX: tree } }, tree };
}

interface Packages {
  readonly arch: string;
  readonly known: KnownRoot;
  readonly debs: readonly { readonly path: string; readonly sha256: string }[];
}

async function readPackages(dir: string, { arch: own, host }: QemuOptions): Promise<Packages> {
  const names = (await readdir(resolve(dir)).catch(() => [])).filter(
    (name) => name.endsWith(".deb") && !name.includes("-dbgsym_"),
  );
  const packages = await Promise.all(
    names.toSorted().map(async (name) => {
      const path = join(resolve(dir), name);
      return { ...(await packageFields(path, { host })), path, sha256: await sha256File(path) };
    }),
  );
  const foreign = packages.filter(({ architecture }) => !["all", own].includes(architecture));
  const [first, other] = new Map(foreign.map((one) => [one.architecture, one])).values();
  if (
    first === undefined ||
    other !== undefined ||
    foreign.length < packages.filter(({ architecture }) => architecture !== "all").length
  )
    throw new BuildError("usage", `${dir} has no Debian packages of one other architecture than this machine's (${own}).`, {
      hint: `kovn-build --target linux --arch ${own === "arm64" ? "amd64" : "arm64"} --root debian:12, or without --runner qemu`,
    });
  const known = rootForVersion(first.version);
  if (known === undefined)
    throw new BuildError("usage", `Version ${first.version} of ${first.package} does not say which distribution it is for.`, {
      hint: `kovn-build --target linux --arch ${first.architecture} --root debian:12`,
    });
  return { arch: first.architecture, known, debs: packages.map(({ path, sha256 }) => ({ path, sha256 })) };
}

/** Throws "machine" unless this machine runs programs of that architecture by QEMU. */
export async function assertEmulated(arch: string, { host, binfmt }: Pick<QemuOptions, "host" | "binfmt">): Promise<void> {
  const program = `qemu-${gnuCpu(arch)}-static`;
  if ((await tryExec(program, ["--version"], { host })) === undefined)
    throw new BuildError("machine", `Program \`${program}\`, which runs programs of ${arch}, is not installed.`, {
      hint: "apt-get install --no-install-recommends qemu-user-static binfmt-support",
    });
  const { runs, found, fix } = readEmulation(arch, binfmt);
  if (!runs) throw new BuildError("machine", `The kernel does not run programs of ${arch}: ${found}.`, { hint: fix });
}
