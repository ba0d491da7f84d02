import { join, resolve } from "node:path";
import { BuildError, unreadableFile } from "../errors.ts";
import { isFile, sha256File } from "../sys/files.ts";
import { assertRegular } from "../sys/read-file.ts";
import { kernel, readPeHeader, x64 } from "../verify/pe.ts";
import { makeRecord } from "../record.ts";
import type { Pipeline } from "./pipeline.ts";
import type { Project } from "./project.ts";

/**
 * A file that a job uses besides its source: its name below the job's `inputs/`, and its current
 * path.
 */
export interface InputFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** Files of the Hyper-V extension. */
const driverFiles = ["ovsext.sys", "ovsext.inf", "ovsext.cat"] as const;

/**
 * Reads the input files of each job: those beside the pipeline and, if given, those of the driver.
 * Throws "project" for a missing file, "usage" for a driver that no job uses or that is not whole.
 */
export async function readInputs(
  project: Project,
  pipeline: Pipeline,
  ids: readonly string[],
  driver: string | undefined,
): Promise<Readonly<Record<string, readonly InputFile[]>>> {
  const jobs = ids.flatMap((id) => {
    const job = pipeline.jobs[id];
    return job === undefined ? [] : [{ id, job }];
  });
  if (driver !== undefined && !jobs.some(({ job }) => job.driver === true))
    throw new BuildError("usage", `No job of this build uses a driver, so \`--driver\` has no effect.`, {
      hint: "leave out --driver",
    });
  const given = driver === undefined ? [] : await readDriver(driver);
  return makeRecord(
    await Promise.all(
      jobs.map(async ({ id, job }) => {
        const own = await Promise.all((job.inputs ?? []).map((name) => readInput(project, name)));
        return [id, [...own, ...(job.driver === true ? given : [])]] as const;
      }),
    ),
  );
}

async function readInput(project: Project, name: string): Promise<InputFile> {
  const path = join(project.root, "pipelines", name);
  try {
    await assertRegular(path, "an input");
    return { name, path, sha256: await sha256File(path) };
  } catch (cause) {
    throw unreadableFile(`pipelines/${name}`, cause);
  }
}

/**
 * Reads a folder with a built driver. It has all three files, and the `.sys` is a driver for
 * x86-64.
 */
async function readDriver(dir: string): Promise<readonly InputFile[]> {
  const paths = driverFiles.map((name) => resolve(dir, name));
  const there = await Promise.all(paths.map((path) => isFile(path)));
  const missing = driverFiles.filter((_, index) => !there[index]);
  const hint = "--driver with the folder that `kovn-build --target windows --toolchain msvc --only driver` made on Windows";
  if (missing.length > 0) throw new BuildError("usage", `Folder ${dir} of --driver lacks ${missing.join(", ")}.`, { hint });
  const [sys = ""] = paths;
  const header = await readPeHeader(sys);
  if (header?.machine !== x64 || header.subsystem !== kernel)
    throw new BuildError("usage", `${join(dir, driverFiles[0])} of --driver is not a driver for Windows on x86-64.`, { hint });
  return Promise.all(
    driverFiles.map(async (name, index) => {
      const path = paths[index] ?? "";
      return { name: `driver/${name}`, path, sha256: await sha256File(path) };
    }),
  );
}
