import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { sha256 } from "../../src/sys/files.ts";
import { knownRoots, type KnownRoot } from "../../src/root/known.ts";
import { test as plain } from "./folder.ts";
import { writeFiles } from "./project.ts";

/** A new key that signs archives: its public part is in the file `keyring`. */
export async function makeSigner() {
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  const env = { PATH: process.env["PATH"] ?? "", GNUPGHOME: home };
  const gpg = async (args: readonly string[], input = "") =>
    (await execa("gpg", ["--batch", "--quiet", "--passphrase", "", ...args], { env, extendEnv: false, input })).stdout;
  await gpg(["--quick-generate-key", "archive@example.com", "ed25519", "sign", "never"]);
  const keyring = join(home, "keyring.gpg");
  await gpg(["--output", keyring, "--export"]);
  const end = async () => {
    await execa("gpgconf", ["--kill", "all"], { env });
    await rm(home, { recursive: true, force: true });
  };
  return { keyring, sign: async (text: string) => `${await gpg(["--clear-sign"], text)}\n`, [Symbol.asyncDispose]: end };
}

export type Signer = Awaited<ReturnType<typeof makeSigner>>;

/** A package of an archive: no apt looks into it. */
export interface FixturePackage {
  readonly version?: string;
  readonly depends?: string;
}

export interface FixtureState {
  readonly packages: Readonly<Record<string, FixturePackage>>;
  /** Further fields of each `Release`, such as `Valid-Until`. */
  readonly fields?: string;
}

/**
 * A signed archive of Debian 12 on loopback, for releases and security. `files` may be changed, and
 * `answer` may take a request; `requests` has all that came.
 */
export async function serveArchive(signer: Signer) {
  const files = new Map<string, string>();
  const requests: string[] = [];
  const served = { answer: undefined as ((path: string, response: ServerResponse) => boolean) | undefined };
  const server = createServer(({ url = "" }, response) => {
    const path = decodeURIComponent(url);
    requests.push(path);
    if (served.answer?.(path, response) === true) return;
    const content = files.get(path);
    if (content === undefined) response.statusCode = 404;
    response.end(content);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const all = knownRoots[0] ?? ({} as KnownRoot);
  // Without the suite of updates: apt starts several programs to verify each.
  const main = { ...all.archives.main, suites: all.archives.main.suites.slice(0, 1) };
  const known: KnownRoot = { ...all, keyring: signer.keyring, archives: { ...all.archives, main } };
  const publish = async ({ packages, fields = "" }: FixtureState) => {
    files.clear();
    const rows = Object.entries(packages).map(([name, { version = "1.2", depends }]) => {
      const content = `package ${name} ${version}`;
      const path = `pool/${name}_${version}_all.deb`;
      files.set(`/debian/${path}`, content);
      const needs = depends === undefined ? "" : `Depends: ${depends}\n`;
      return `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: x\n${needs}Filename: ${path}\nSize: ${content.length}\nSHA256: ${sha256(content)}\nDescription: x\n`;
    });
    for (const [name, suite] of suitesOf(all)) {
      const list = suite === main.suites[0] ? rows.join("\n") : "";
      const indexes = ["amd64", "arm64"].map((arch) => `main/binary-${arch}/Packages`);
      for (const index of indexes) files.set(`/${name}/dists/${suite}/${index}`, list);
      const sums = indexes.map((index) => ` ${sha256(list)} ${list.length} ${index}\n`).join("");
      const release = `Origin: Debian\nCodename: ${suite}\nDate: ${new Date(Date.now() - 60_000).toUTCString()}\n${fields}Architectures: amd64 arm64\nComponents: main\nSHA256:\n${sums}`;
      files.set(`/${name}/dists/${suite}/InRelease`, await signer.sign(release));
    }
  };
  const mirrors = { main: `${url}/debian`, security: `${url}/security` };
  return Object.assign(served, { url, known, mirrors, files, requests, publish, [Symbol.asyncDispose]: close });
}

export type FixtureArchive = Awaited<ReturnType<typeof serveArchive>>;

/** vitest's `test` with `archive`: a signed archive of the test's own; and its `signer`, the same in a file. */
export const test = plain.extend<{ $file: { signer: Signer }; $test: { archive: FixtureArchive } }>({
  signer: [
    // oxlint-disable-next-line no-empty-pattern -- vitest reads what a fixture needs from its parameters
    async ({}, use) => {
      await using signer = await makeSigner();
      await use(signer);
    },
    { scope: "file" },
  ],
  archive: async ({ signer }, use) => {
    await using archive = await serveArchive(signer);
    await use(archive);
  },
});

function suitesOf({ archives }: KnownRoot): readonly (readonly [string, string])[] {
  const { main, security } = archives;
  return [
    ...main.suites.map((suite) => ["debian", suite] as const),
    ...security.suites.map((suite) => ["security", suite] as const),
  ];
}

/**
 * Programs that stand for those that make a root, in a folder for PATH. `mmdebstrap` makes a tree whose
 * only package is `demo`, and `libdemo` of a second architecture if there is one; each start adds a line
 * to `started`: the packages that were downloaded for it, and one with its arguments to `arguments`. With a file `fails` it prints that and fails; with a file `hangs` it waits for ever.
 */
export async function makeMaker(folder: string): Promise<string> {
  const path = join(folder, "bin");
  await writeFiles(path, {
    // Without namespaces, it would mount on this machine.
    mount: '#!/bin/sh\n[ "$2" != overlay ] || exit 32\nexec /bin/mount "$@"\n',
    unshare: '#!/bin/sh\nwhile :; do case "$1" in --*) shift;; *) exec "$@";; esac; done\n',
    mmdebstrap: `#!/bin/sh
[ "$1" != --version ] || exit 0
echo "$*" >> ${folder}/arguments
echo $(ls "$KOVN_DOWNLOADS/var/cache/apt/archives") >> ${folder}/started
for last; do tree=$before; before=$last; done
case "$tree" in ${folder}/*) ;; *) echo "no folder for a root: $*" >&2; exit 99;; esac
mkdir -p "$tree/var/lib/apt/lists" "$tree/var/lib/dpkg" "$tree/etc"
printf 'Package: demo\\nStatus: install ok installed\\nMaintainer: x\\nArchitecture: all\\nVersion: 1.2\\nDescription: x\\n' > "$tree/var/lib/dpkg/status"
case "$*" in *--architectures=amd64,*)
  mkdir "$tree/var/lib/dpkg/info"
  printf 'amd64\\narm64\\n' > "$tree/var/lib/dpkg/arch"
  printf '\\nPackage: libdemo\\nStatus: install ok installed\\nMaintainer: x\\nArchitecture: arm64\\nMulti-Arch: same\\nVersion: 1.3\\nDescription: x\\n' >> "$tree/var/lib/dpkg/status";;
esac
[ ! -e ${folder}/hangs ] || exec sleep 1000
[ ! -e ${folder}/fails ] || { cat ${folder}/fails >&2; exit 25; }
echo 'I: success in 0.1 seconds' >&2
`,
  });
  return path;
}

/** The packages of each root that the programs of `makeMaker` made. */
export async function startsOf(folder: string): Promise<readonly string[]> {
  return (await readFile(join(folder, "started"), "utf8").catch(() => "")).split("\n").filter((line) => line !== "");
}
