import type { PipelineJob } from "../config/pipeline.ts";

/**
 * Debian packages that a job is built with. For a job that is cross-compiled, its libraries are those
 * of `arch`, and so is Python's own, which says how modules of it are compiled. The programs are the
 * machine's.
 */
export function packagesFor(
  { packages, libraries = [] }: Pick<PipelineJob, "packages" | "libraries">,
  { arch, buildArch }: { readonly arch: string; readonly buildArch?: string },
): readonly string[] {
  if (buildArch === undefined) return packages;
  const programs = packages.filter((name) => !libraries.includes(name));
  const others = [...libraries, "libpython3-stdlib"].map((name) => `${name}:${arch}`);
  return [...programs, `crossbuild-essential-${arch}`, ...others].toSorted();
}
