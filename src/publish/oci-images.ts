import { join } from "node:path";
import { distributionOf } from "../dist/distribution.ts";
import { collectFiles, type LeftOut, type ReleaseSet, type SetFile } from "../set/set.ts";
import { suiteOf } from "./apt-suites.ts";

/** The files of one architecture. */
export interface Platform {
  /** As OCI names it. */
  readonly architecture: string;
  readonly variant?: string;
  readonly packages: readonly PlacedFile[];
  /** Each build's `artifacts.json`: its file, and its path in the image. */
  readonly manifests: readonly { readonly path: string; readonly to: string }[];
}

/** A file of a build, and its path in the image. */
export type PlacedFile = Pick<SetFile, "name" | "path" | "size" | "sha256"> & { readonly to: string };

/** The packages for one suite and variant: one image for each architecture. */
export interface SuiteImage {
  /** What the tag ends with, such as `bookworm` or `bookworm_legacy`. */
  readonly suffix: string;
  /** True when TAG alone means it: no other of the set is for the variant `default`. */
  readonly isOnly: boolean;
  /** What the packages are for, such as `debian 12`. */
  readonly distribution: string;
  /** The names of its builds. */
  readonly builds: readonly string[];
  readonly platforms: readonly Platform[];
}

/** Debian's names of architectures that OCI names otherwise. */
const architectures: Readonly<Record<string, Pick<Platform, "architecture" | "variant">>> = {
  arm64: { architecture: "arm64", variant: "v8" },
  armhf: { architecture: "arm", variant: "v7" },
  armel: { architecture: "arm", variant: "v5" },
  i386: { architecture: "386" },
  mips64el: { architecture: "mips64le" },
  ppc64el: { architecture: "ppc64le" },
};

/**
 * The images of a set: one for each suite and variant, with a platform for each architecture. A
 * package is in `packages/`, one from a folder of its build, such as `debug/`, in that folder.
 */
export function imagesOf({ dists }: Pick<ReleaseSet, "dists">): readonly SuiteImage[] {
  const packaged = dists.filter(({ manifest }) => manifest.artifacts.some((artifact) => artifact.package !== undefined));
  const suffixOf = ({ manifest }: (typeof packaged)[number]) =>
    manifest.variant === "default" ? suiteOf(manifest) : `${suiteOf(manifest)}_${manifest.variant}`;
  const suffixes = [...new Set(packaged.map(suffixOf))].toSorted();
  const plain = new Set(packaged.filter(({ manifest }) => manifest.variant === "default").map(suffixOf));
  return suffixes.map((suffix) => {
    const own = packaged.filter((dist) => suffixOf(dist) === suffix);
    const distribution = own.map(({ manifest }) => distributionOf(manifest)).find((one) => one !== undefined) ?? suffix;
    const isOnly = plain.size === 1 && plain.has(suffix);
    return { suffix, isOnly, distribution, builds: own.map(({ name }) => name), platforms: platformsOf(own) };
  });
}

function platformsOf(dists: ReleaseSet["dists"]): readonly Platform[] {
  const { files } = collectFiles(dists);
  const arches = [...new Set(dists.map(({ manifest }) => manifest.arch))].toSorted();
  return arches.map((arch) => {
    const packages = files
      .filter((file) => file.package !== undefined && (file.architecture === arch || file.architecture === "all"))
      .map((file) => ({ ...file, to: file.file.includes("/") ? file.file : `packages/${file.file}` }));
    const own = dists.filter(({ manifest }) => manifest.arch === arch);
    const manifests = own.map(({ name, folder }) => ({
      path: join(folder, "artifacts.json"),
      to: own.length === 1 ? "artifacts.json" : `artifacts-${name}.json`,
    }));
    return { ...(architectures[arch] ?? { architecture: arch }), packages, manifests };
  });
}

/** What is in no image, and why. */
export function leftOutOf(set: ReleaseSet): readonly LeftOut[] {
  const others = set.files
    .filter((file) => file.package === undefined)
    .map(({ name }) => ({ name, why: "not a Debian package" }));
  return [...set.leftOut, ...others];
}
