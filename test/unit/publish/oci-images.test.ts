import { expect, test } from "vitest";
import { imagesOf } from "../../../src/publish/oci-images.ts";
import type { ReleaseSet } from "../../../src/set/set.ts";

interface Small {
  readonly distribution?: string;
  readonly variant?: string;
  readonly arch?: string;
  readonly files?: readonly string[];
}

/** Builds with packages of these names; one with `_all` is for all architectures. */
function setOf(builds: readonly Small[]): ReleaseSet {
  const dists = builds.map(
    ({ distribution = "debian 12", variant = "default", arch = "amd64", files = [`a_${arch}.deb`] }, index) => ({
      name: `build-${index}`,
      folder: `/${index}`,
      shown: `${index}`,
      manifest: {
        line: "1.0",
        variant,
        arch,
        jobs: [{ distribution }],
        artifacts: files.map((file) => ({
          ...{ file, size: 1, sha256: file, job: "a" },
          ...(file.endsWith(".deb") ? { package: "a", architecture: file.includes("_all") ? "all" : arch } : {}),
        })),
      },
    }),
  );
  return { dists } as unknown as ReleaseSet;
}

test("a package is in packages/, one from a folder of its build in that folder, and other files in no image", () => {
  const [image] = imagesOf(setOf([{ files: ["a_amd64.deb", "debug/a-dbgsym_amd64.deb", "a.zip"] }]));
  expect(image?.platforms.map(({ packages, manifests }) => [...manifests, ...packages].map(({ to }) => to))).toEqual([
    ["artifacts.json", "debug/a-dbgsym_amd64.deb", "packages/a_amd64.deb"],
  ]);
});

test("architectures are those of OCI, and each build of the same has its artifacts.json", () => {
  const [image] = imagesOf(setOf([{ arch: "arm64" }, { arch: "armhf" }, {}, { files: ["b_amd64.deb"] }]));
  expect(
    image?.platforms.map(({ architecture, variant, manifests }) => [architecture, variant, ...manifests.map(({ to }) => to)]),
  ).toEqual([
    ["amd64", undefined, "artifacts-build-2.json", "artifacts-build-3.json"],
    ["arm64", "v8", "artifacts.json"],
    ["arm", "v7", "artifacts.json"],
  ]);
});

test("TAG alone means the only suite of variant default", () => {
  const tagsOf = (builds: readonly Small[]) =>
    imagesOf(setOf(builds)).map(({ suffix, isOnly }) => (isOnly ? `${suffix}, TAG` : suffix));
  expect(tagsOf([{}])).toEqual(["bookworm, TAG"]);
  expect(tagsOf([{}, { arch: "arm64" }])).toEqual(["bookworm, TAG"]);
  expect(tagsOf([{ variant: "legacy" }, {}])).toEqual(["bookworm, TAG", "bookworm_legacy"]);
  expect(tagsOf([{ distribution: "debian 13" }, {}])).toEqual(["bookworm", "trixie"]);
  expect(tagsOf([{ variant: "legacy" }])).toEqual(["bookworm_legacy"]);
  expect(tagsOf([{ files: ["a.msi"] }])).toEqual([]);
});
