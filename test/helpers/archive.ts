import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { writeFiles } from "./project.ts";

/** A server that has the same text as every `InRelease`; undefined for one that has none. */
export async function serveReleases(): Promise<{ readonly url: string; state: string | undefined } & AsyncDisposable> {
  const served = { state: "first" as string | undefined };
  const server = createServer((_, response) => {
    if (served.state === undefined) response.statusCode = 404;
    response.end(served.state);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => void (await new Promise((resolve) => server.close(resolve)));
  return Object.assign(served, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`,
    [Symbol.asyncDispose]: close,
  });
}

/**
 * Programs that stand for those that make a root, in a folder for PATH. `mmdebstrap` makes a tree whose
 * only package is `demo`, of the state in the file `state`, and `libdemo` of a second architecture if
 * there is one; each start adds a line to `started`, and one with
 * its arguments to `arguments`. With a
 * file `fails` it prints that and fails; with a file `hangs` it waits for ever.
 */
export async function makeMaker(folder: string): Promise<string> {
  const path = join(folder, "bin");
  await writeFiles(path, {
    unshare: '#!/bin/sh\nwhile :; do case "$1" in --*) shift;; *) exec "$@";; esac; done\n',
    mmdebstrap: `#!/bin/sh
echo start >> ${folder}/started
echo "$*" >> ${folder}/arguments
for last; do tree=$before; before=$last; done
mkdir -p "$tree/var/lib/apt/lists" "$tree/var/lib/dpkg" "$tree/etc"
printf 'Package: demo\\nStatus: install ok installed\\nMaintainer: x\\nArchitecture: all\\nVersion: 1.2\\nDescription: x\\n' > "$tree/var/lib/dpkg/status"
case "$*" in *--architectures=*,*)
  mkdir "$tree/var/lib/dpkg/info"
  printf 'amd64\\narm64\\n' > "$tree/var/lib/dpkg/arch"
  printf '\\nPackage: libdemo\\nStatus: install ok installed\\nMaintainer: x\\nArchitecture: arm64\\nMulti-Arch: same\\nVersion: 1.3\\nDescription: x\\n' >> "$tree/var/lib/dpkg/status";;
esac
for suite in a b c; do cp ${folder}/state "$tree/var/lib/apt/lists/x_\${suite}_InRelease"; done
[ ! -e ${folder}/hangs ] || exec sleep 1000
[ ! -e ${folder}/fails ] || { cat ${folder}/fails >&2; exit 25; }
echo 'I: success in 0.1 seconds' >&2
`,
  });
  return path;
}
