import { realpath } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { BuildError, refusalOf } from "../errors.ts";
import { packageFields } from "../sys/deb.ts";
import type { Host } from "../sys/exec.ts";
import { listFiles } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { openRegular } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import { withTempDir } from "../sys/with-temp-dir.ts";
import { readPeHeader } from "../verify/pe.ts";
import { unpackArchive } from "../verify/unpack.ts";
import { fromChangelog, fromManifest } from "./beside.ts";
import { findLabels, readLabel, type Found } from "./find.ts";

/** A kind of file that can be inspected. */
type Kind = "deb" | "msi" | "zip" | "elf" | "pe";

/** What a file on disk says about how it was built. */
export interface Inspection {
  readonly path: string;
  readonly kind: Kind;
  /** True if it says that kovn-build built it. Only a signature would prove that. */
  readonly ours: boolean;
  /** Absent for other files than Debian packages. */
  readonly package?: { readonly package: string; readonly version: string; readonly architecture: string };
  /** Each label that was found, with where; usually one. Empty for a file that says too little. */
  readonly labels: readonly Found[];
  /** Programs and libraries in it, and how many of them have a label. */
  readonly programs: { readonly all: number; readonly labelled: number };
}

/** The first bytes of each kind. */
const magics: readonly (readonly [bytes: string, kind: Kind])[] = [
  ["!<arch>\ndebian-binary", "deb"],
  ["PK\x03\x04", "zip"],
  ["\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "msi"],
  ["\x7fELF", "elf"],
  ["MZ", "pe"],
];

/**
 * Reads what a Debian package, installer, zip or program says about how it was built: from its label,
 * or, for one without, from `artifacts.json` beside it or its changelog. Throws "usage" for what is
 * none of these, or broken.
 */
export async function inspect(path: string, host: Host): Promise<Inspection> {
  const kind = await kindOf(path);
  // `/usr/sbin/ovs-vswitchd` is a link that update-alternatives(1) made.
  const real = await realpath(path);
  if (kind === "elf" || kind === "pe") {
    const label = await readLabel(real).catch((error: unknown) => {
      throw broken(path, error);
    });
    if (kind === "pe" && (await readPeHeader(real)) === undefined)
      throw new BuildError("usage", `${path} is not a whole program for 64-bit Windows.`);
    const labels = label === undefined ? [] : [{ label, where: [basename(path)] }];
    return finish(real, { path, kind, labels, programs: { all: 1, labelled: labels.length } }, false);
  }
  return withTempDir(join(tmpdir(), "kovn-inspect-"), async (dir) => {
    const fields = kind === "deb" ? { package: await readFields(path, host) } : {};
    await runTask(host, `unpack ${path}`, async (below) =>
      unpackArchive(kind, path, dir, below).catch((error: unknown) => {
        throw host.signal.aborted ? error : broken(path, error);
      }),
    );
    const files = await listFiles(dir);
    // msiextract(1) does not always fail for a broken installer.
    if (files.length === 0 && kind === "msi")
      throw new BuildError("usage", `${path} is not an intact installer: it has no files.`);
    const found = await findLabels(dir, files);
    const signed = kind === "deb" && (await fromChangelog(dir, fields.package?.package ?? ""));
    return finish(real, { path, kind, ...fields, ...found }, signed);
  });
}

/** Adds what `artifacts.json` beside a file (without links, `real`) says, if the file itself says nothing. */
async function finish(real: string, found: Omit<Inspection, "ours">, isSigned: boolean): Promise<Inspection> {
  const beside = found.labels.length > 0 ? undefined : await fromManifest(real);
  const labels = beside === undefined ? found.labels : [beside];
  return { ...found, labels, ours: isSigned || labels.length > 0 };
}

async function kindOf(path: string): Promise<Kind> {
  const head = await readHead(path).catch((error: unknown) => {
    const why = errorCode(error) === "ENOENT" ? "there is no such file" : refusalOf(error);
    if (why === undefined) throw error;
    throw new BuildError("usage", `${path} cannot be inspected: ${why}.`, { cause: error });
  });
  const kind = magics.find(([bytes]) => head.startsWith(bytes))?.[1];
  if (kind !== undefined) return kind;
  throw new BuildError("usage", `${path} is not a Debian package, an installer (.msi), a zip or a program.`, {
    hint: "kovn-build inspect dist/linux/*.deb, or another file that `build` made",
  });
}

async function readHead(path: string): Promise<string> {
  const { file } = await openRegular(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
    return buffer.toString("latin1", 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function readFields(path: string, host: Host): Promise<Required<Inspection>["package"]> {
  return packageFields(path, { host }).catch((error: unknown) => {
    throw host.signal.aborted ? error : broken(path, error);
  });
}

/** A broken file is wrong input; a missing program is not. */
function broken(path: string, error: unknown): unknown {
  if (error instanceof BuildError)
    return error.code === "digest" || error.code === "build"
      ? new BuildError("usage", error.message, { cause: error, hint: "get the file again" })
      : error;
  const why = refusalOf(error);
  return why === undefined ? error : new BuildError("usage", `${path} cannot be inspected: ${why}.`, { cause: error });
}
