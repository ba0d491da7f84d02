import type { Manifest } from "./manifest.ts";

/** The distribution that the packages of a build are for, such as `debian 12`; undefined where no job says. */
export function distributionOf({ jobs }: Pick<Manifest, "jobs">): string | undefined {
  return jobs.find((job) => job.distribution !== undefined)?.distribution;
}

/** A distribution as a part of a name, such as `debian-12`. */
export function distributionSlug(distribution: string): string {
  return distribution.toLowerCase().replaceAll(/[^a-z0-9.]+/g, "-");
}

/** The distribution whose packages a build used, without its release: `debian` where that is unknown. */
export function vendorOf(build: Pick<Manifest, "jobs">): string {
  const [vendor = "debian"] = (distributionOf(build) ?? build.jobs[0]?.root?.name)?.split(/[ :]/) ?? [];
  return vendor;
}
