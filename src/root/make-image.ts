import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { keyOf } from "../plan/key.ts";
import { exec, type Host } from "../sys/exec.ts";
import { changeContainer, clientEnv, type Container } from "./containers.ts";
import { inside, noteImage } from "./image.ts";
import { downloadsIn, packagesIn, runMaker, type RootContent, type RootRequest } from "./make.ts";
import { sourcesOf } from "./mirrors.ts";

/**
 * Installs the packages, removes what a root without the image would not have, and gives the user of
 * programs a name. `$@` is the user and the packages.
 */
const script = `set -e
user=\${1%:*} group=\${1#*:} from=${inside}/apt
shift
get() { apt-get --yes --no-install-recommends -o APT::Sandbox::User=root \\
  -o Dir::State::Lists=$from/var/lib/apt/lists -o Dir::Cache::Archives=$from/var/cache/apt/archives \\
  -o DPkg::Options::=--force-unsafe-io -o DPkg::Options::=--force-confnew "$@"; }
rm -rf /etc/apt/sources.list.d/* /var/lib/apt/lists/*
cp $from/sources.list /etc/apt/sources.list
get --no-download dist-upgrade "$@"
cd $(mktemp --directory)
touch none
get --simulate -o Dir::State::Status=$PWD/none dist-upgrade "$@" > plan
sed --quiet 's/^Inst \\([^ :]*\\).*/\\1/p' plan | sort --unique > wanted
dpkg-query --show --showformat='\${Package}\\n' | sort --unique | comm -23 - wanted |
  xargs --no-run-if-empty dpkg --purge --force-remove-protected
cd /
rm -rf /tmp/*
getent passwd "$user" >/dev/null || echo "builder:x:$user:$group::/nonexistent:/bin/sh" >> /etc/passwd
getent group "$group" >/dev/null || echo "builder:x:$group:" >> /etc/group
cp --parents /var/lib/dpkg/status ${inside}/tree
tar --create --file=${inside}/image.tar --one-file-system --numeric-owner --anchored --exclude=.${inside} \\
  --exclude=./.dockerenv --exclude=./run/.containerenv --exclude=./etc/resolv.conf --exclude=./etc/hostname \\
  --exclude=./etc/hosts --directory=/ .`;

/**
 * Makes a root that is an image of its own: in a container of the distribution's image, of the lists and
 * packages in `downloadsIn(folder)`. `<folder>/tree` gets what dpkg knows of it. Throws as `explain` makes
 * it.
 */
export async function makeImage(request: RootRequest, container: Container, folder: string, host: Host): Promise<RootContent> {
  const { known, packages, mirrors, arch } = request;
  const { program, user } = container;
  const made = { program, image: `localhost/kovn-build/${known.name}-${keyOf({ folder }).slice(0, 16)}`, user };
  const downloads = downloadsIn(folder);
  const tree = join(folder, "tree");
  const tar = join(folder, "image.tar");
  // What the container's root writes stays this user's, who may not be allowed to remove it else.
  const folders = ["apt/var/lib/apt/lists/auxfiles", "apt/var/cache/apt/archives/partial", "tree/var/lib/dpkg"];
  for (const path of folders) await mkdir(join(folder, path), { recursive: true });
  const files = ["apt/var/cache/apt/archives/lock", "tree/var/lib/dpkg/status", "image.tar"];
  for (const path of files) await writeFile(join(folder, path), "");
  const sources = sourcesOf(known, [arch], mirrors);
  await writeFile(join(downloads, "sources.list"), `${sources.join("\n")}\n`);
  const words = [script, "sh", user, ...packages];
  const at = { host, env: clientEnv(host) };
  await runMaker(changeContainer(container, [`${folder}:${inside}`], words), request, { ...at, holdsStdin: true });
  await noteImage(folder, made);
  await runMaker([program, "import", tar, made.image], request, at);
  for (const path of [tar, downloads]) await rm(path, { recursive: true, force: true });
  const { stdout } = await exec(program, ["image", "inspect", "--format={{.Size}}", made.image], at);
  return { packages: await packagesIn(tree, request, host), size: Number(stdout) };
}
