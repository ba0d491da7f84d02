import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { removeRoots } from "../../../src/root/keep.ts";
import { takeRoots } from "../../../src/root/take-roots.ts";
import { test as withArchive, type FixtureArchive } from "../../helpers/archive.ts";
import { host, watchTask } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const status = "Package: demo\\nStatus: install ok installed\\nArchitecture: all\\nVersion: 1.2\\n";

/**
 * A program that stands for podman. Its images are files in `images`; that of the distribution has the
 * id in `id`. What apt does in a container is done on this machine; what installs packages makes a root
 * whose only package is `demo`, or fails as the file `fails` says.
 */
const podman = (folder: string) => `#!/bin/sh
cd ${folder}
echo "$*" >> started
for last; do :; done
name=$(echo "$last" | tr / _)
case "$1 $2" in
"image inspect")
  case "$*" in
  *library*) echo "$(cat id) amd64";;
  *) [ -e "images/$name" ] && echo 42;;
  esac;;
"image rm") rm "images/$name";;
"import "*) test -e "$2" && touch "images/$name";;
"run "*)
  case "$*" in
  *os-release*) printf 'debian 12\\n0:0\\n';;
  *apt-get\\ -o*) while [ "$1" != "$(cat id)" ]; do shift; done; shift 5; exec env -i "$@";;
  *)
    [ ! -e fails ] || { cat fails >&2; exit 100; }
    for word; do case "$word" in --volume=*:/kovn-build) made=\${word#*=}; made=\${made%:*}; esac; done
    ls "$made/apt/var/cache/apt/archives" > downloads
    printf '${status}' > "$made/tree/var/lib/dpkg/status";;
  esac;;
*) exit 99;;
esac
`;

const test = withArchive.extend<{ makes: Awaited<ReturnType<typeof makeWorld>> }>({
  makes: async ({ archive, folder }, use) => use(await makeWorld(archive, folder)),
});

async function makeWorld({ known, mirrors, publish }: FixtureArchive, folder: string) {
  await publish({ packages: { demo: {} } });
  await writeFiles(folder, { "bin/podman": podman(folder), id: "one", "images/none": "" });
  await rm(join(folder, "images/none"));
  const { task, seen } = watchTask();
  const own = { ...host, task, env: { PATH: `${join(folder, "bin")}:${host.env["PATH"]}` } };
  const work = join(folder, "work");
  const take = async () => {
    const request = { known, arch: "amd64", mirrors, runner: "podman" as const };
    return (await takeRoots(request, [["demo"]], { work, host: own }))[0] ?? expect.fail();
  };
  const images = async () => readdir(join(folder, "images"));
  return { folder, work, host: own, take, images, seen };
}

describe.concurrent("a root that is an image", () => {
  test("is made of what apt of the distribution's image downloaded, and kept", async ({ makes }) => {
    const root = await makes.take();
    expect(root).toMatchObject({ name: "debian:12", packages: { demo: "1.2" }, size: 42 });
    expect(root.container).toMatchObject({ program: "podman", user: "0:0" });
    const [image = ""] = await makes.images();
    expect(root.container?.image.replaceAll("/", "_")).toBe(image);
    expect(await readdir(join(root.tree, ".."))).toEqual(["image.json", "root.json", "tree", "uses"]);
    expect(await makes.take()).toEqual(root);
    expect(await makes.images()).toEqual([image]);
  });

  test("is made again of a new image of the distribution, and the old one is removed", async ({ makes }) => {
    const old = await makes.take();
    await writeFile(join(makes.folder, "id"), "two");
    const root = await makes.take();
    expect(root.content).not.toBe(old.content);
    expect(await makes.images()).toEqual([root.container?.image.replaceAll("/", "_")]);
  });

  test("is made again when somebody has removed it", async ({ makes }) => {
    await makes.take();
    await rm(join(makes.folder, "images"), { recursive: true });
    await writeFiles(makes.folder, { "images/other": "" });
    await makes.take();
    expect(await makes.images()).toHaveLength(2);
  });

  test("is removed with the other roots; what cannot be removed is reported", async ({ makes }) => {
    await makes.take();
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(await makes.images()).toEqual([]);
    await makes.take();
    await writeFiles(makes.folder, { "bin/podman": "#!/bin/sh\necho 'image is in use' >&2; exit 2\n" });
    expect(await removeRoots(makes.work, makes.host)).toBe(1);
    expect(makes.seen.at(-1)).toMatch(
      /^notice: Image localhost\/kovn-build\/debian:12-\S+ of podman is not removed: image is in use$/,
    );
  });

  test("that cannot be made leaves nothing", async ({ makes }) => {
    await writeFiles(makes.folder, { fails: "E: Unable to correct problems\n" });
    await expect(makes.take()).rejects.toThrow(/Root debian:12 cannot be made:\n +Unable to correct problems/);
    expect(await makes.images()).toEqual([]);
    expect((await readdir(join(makes.work, "roots"))).filter((name) => name !== "archives")).toEqual([]);
  });
});
