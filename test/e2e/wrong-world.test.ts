import { mkdir, rename, symlink } from "node:fs/promises";
import type { Socket } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { execa } from "execa";
import { makeApt } from "../helpers/apt.ts";
import { run } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { asNobody, canMount, onMount, onReadOnlyDisk, onSmallDisk } from "../helpers/isolate.ts";
import {
  commitAll,
  demo,
  inGit,
  mail,
  makeProject,
  newFile,
  pin,
  pipelineYaml,
  sourceYaml,
  writeFiles,
  writeProject,
} from "../helpers/project.ts";
import { listen } from "../helpers/server.ts";
import { complains } from "../helpers/wrong.ts";

const build = ["--target", "linux"];

/** How to make `<folder>/there`, the repository that --from names, and the expected message. */
const repositories: readonly (readonly [string, (folder: string) => Promise<unknown>, readonly string[]])[] = [
  [
    "that does not exist",
    async () => undefined,
    ["Source `demo` cannot be reached.", "there' does not appear to be a git repository", "-> --from demo=PATH_OR_URL"],
  ],
  ["that is not a git repository", (folder) => mkdir(join(folder, "there")), ["there' does not appear to be a git repository"]],
  ["that is a file", (folder) => writeFiles(folder, { there: "text" }), ["Repository ../there cannot be read"]],
  [
    "that is a pipe without a writer",
    (folder) => execa("mkfifo", [join(folder, "there")]),
    ["Repository ../there cannot be read"],
  ],
  [
    "without commits",
    (folder) => inGit(folder, "init", "--quiet", "there"),
    ["Repository ../there cannot be read: there is no branch."],
  ],
  [
    "without the pinned commit",
    async (folder) => {
      await inGit(folder, "init", "--quiet", "there");
      await writeFiles(join(folder, "there"), { "other.txt": "other\n" });
      await commitAll(join(folder, "there"), "Other");
    },
    [
      "The pinned commit could not be fetched from repository ../there.",
      `not our ref ${pin}`,
      "-> --from SOURCE=PATH_OR_URL of a full clone that has the commit",
    ],
  ],
  [
    "that is broken",
    async (folder) => {
      await inGit(folder, "clone", "--quiet", "--bare", "upstream", "there");
      await execa("sh", ["-c", "find objects -type f -exec chmod u+w {} + -exec truncate -s 0 {} +"], {
        cwd: join(folder, "there"),
      });
    },
    ["there"],
  ],
];

describe.concurrent("a repository", () => {
  test.for(repositories)("%s is reported before anything is built", async ([, make, says], { folder }) => {
    const project = await makeProject(folder);
    await make(folder);
    const result = await complains(project, [...build, "--from", "demo=../there"], { exitCode: 1, says });
    expect(result.stderr).not.toContain("demo: started");
  });

  test("that is gone is reported with what to type and the jobs that do not need it", async ({ folder }) => {
    const more = `  other: { source: other, steps: [{ uses: shell, with: { script: 'true' } }], artifacts: ['*'] }\n`;
    const project = await makeProject(folder, {
      "pipelines/test.yaml": pipelineYaml("true").concat(more),
      "patches/1.0/other/source.yaml": sourceYaml(join(folder, "gone")),
      "patches/1.0/other/series": "",
    });
    const says = ["Source `other` cannot be reached.", "-> --from other=PATH_OR_URL, or --only demo"];
    await complains(project, build, { exitCode: 1, says });
  });
});

/** What a server that is not a git server sends, and over which protocol. */
const servers: readonly (readonly [string, string, (socket: Socket) => void])[] = [
  ["a web page", "http", (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello")],
  ["an error", "http", (socket) => socket.end("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")],
  [
    "a request for a password",
    "http",
    (socket) => socket.end('HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm="x"\r\nContent-Length: 0\r\n\r\n'),
  ],
  ["garbage", "http", (socket) => socket.end("SSH-2.0-nonsense\r\n")],
  ["a web page", "git", (socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nhello")],
  ["nothing and closes the connection", "git", (socket) => socket.end()],
];

describe.concurrent("a server", () => {
  test.for(servers)("that sends %s over %s is reported", async ([, scheme, talk], { folder }) => {
    const server = await listen((socket) => socket.once("data", () => talk(socket)));
    try {
      const url = `${scheme}://127.0.0.1:${server.port}/demo.git`;
      const says = [`Source \`demo\` cannot be reached. Repository ${url} cannot be read: `, "-> --from demo=PATH_OR_URL"];
      await complains(await writeProject(folder), [...build, "--from", `demo=${url}`], { exitCode: 1, says });
    } finally {
      await server.close();
    }
  });

  test("that refuses connections is reported", async ({ folder }) => {
    const server = await listen(() => undefined);
    await server.close();
    const url = `http://127.0.0.1:${server.port}/demo.git`;
    await complains(await writeProject(folder), [...build, "--from", `demo=${url}`], {
      exitCode: 1,
      says: [`Repository ${url} cannot be read`],
    });
  });
});

describe.concurrent("an alternate", () => {
  /** A project with apt's package as its only base; `change` edits its declaration. */
  const prepare = async (folder: string, change: (alternates: string) => string, version?: string) => {
    const apt = await makeApt(folder, version);
    const project = await writeProject(folder, { [`${demo}/source.yaml`]: sourceYaml("nowhere", change(apt.alternates)) });
    return { project, env: { PATH: apt.path } };
  };
  const fromApt = [...build, "--from", "apt"];

  test("with a wrong sha256 is refused; the message has both", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text.replace(/sha256: \w+/, `sha256: ${"a".repeat(64)}`));
    const says = ["usr/src/demo.tar.gz of demo-source 1.2.3-1 has sha256 ", `but source.yaml declares ${"a".repeat(64)}.`];
    await complains(project, fromApt, { exitCode: 1, says }, { env });
  });

  test("whose version is gone is reported with the versions that apt offers", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text.replace("version: 1.2.3-2", "version: 1.2.3-1"), "1.2.3-2");
    const says = ["Debian's demo-source 1.2.3-1 is unavailable: apt offers 1.2.3-2;", "source.yaml"];
    await complains(project, fromApt, { exitCode: 1, says }, { env });
  });

  test("that apt does not know is reported", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text.replace("demo-source", "demo-sauce"));
    await complains(project, fromApt, { exitCode: 1, says: ["apt offers no version of it", "apt-get update"] }, { env });
  });

  test("whose download fails is reported with apt's message", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text);
    const script = '#!/bin/sh\n[ "$1" = --version ] && echo apt 2.6.1 && exit\necho "E: Failed to fetch demo" >&2\nexit 100\n';
    await writeFiles(join(folder, "bin"), { "apt-get": script });
    await complains(project, fromApt, { exitCode: 1, says: ["apt-get download failed: E: Failed to fetch demo"] }, { env });
  });

  test("that is not a package is reported", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text);
    await writeFiles(join(folder, "apt"), { "demo-source.deb": "no package" });
    await complains(project, fromApt, { exitCode: 1, says: ["demo-source.deb is not an intact Debian package"] }, { env });
  });

  test("without the declared file is reported", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text.replace("usr/src/demo.tar.gz", "usr/src/other.tar.gz"));
    await complains(
      project,
      fromApt,
      { exitCode: 1, says: ["Package demo-source 1.2.3-1 does not contain usr/src/other.tar.gz."] },
      { env },
    );
  });

  test("whose archive writes outside its folder is refused", async ({ folder }) => {
    const { project, env } = await prepare(folder, (text) => text);
    const root = join(folder, "apt/root");
    await writeFiles(join(folder, "apt"), { "evil.txt": "evil\n" });
    const tar = [
      "--create",
      "--gzip",
      "--absolute-names",
      `--file=${root}/usr/src/demo.tar.gz`,
      "--transform=s|^evil|demo/../../../evil|",
      "evil.txt",
    ];
    await execa("tar", tar, { cwd: join(folder, "apt") });
    await execa("dpkg-deb", ["--build", root, join(folder, "apt/demo-source.deb")]);
    const { stdout } = await execa("sha256sum", [`${root}/usr/src/demo.tar.gz`]);
    const yaml = `alternates: [{ apt: demo-source, version: 1.2.3-1, member: usr/src/demo.tar.gz, sha256: "${stdout.slice(0, 64)}" }]\n`;
    await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml("nowhere", yaml) });
    await complains(project, fromApt, { exitCode: 1, says: ["demo.tar.gz cannot be unpacked"] }, { env });
  });
});

describe.concurrent("a patch", () => {
  test("that writes through a link of the base is refused by name", async ({ folder }) => {
    const project = await makeProject(folder, { [`${demo}/greet-all.patch`]: mail("Through", newFile("way/evil", "x")) });
    const says = ["Patch `greet-all.patch` (2 of 2 of `demo`) does not apply", "'way/evil' is beyond a symbolic link"];
    await complains(project, build, { exitCode: 1, says });
  });
});

describe.concurrent("the folder for results", () => {
  test("that is a file is reported before anything is built", async ({ folder }) => {
    const project = await makeProject(folder);
    const says = ["patches/seed.yaml is not a folder, so no results", "-> --out DIR for a folder, or move it away"];
    const result = await complains(project, [...build, "--out", "patches/seed.yaml"], { exitCode: 2, says });
    expect(result.stderr).not.toContain("base:");
  });

  test("that the system cannot make is reported in words", async ({ folder }) => {
    const project = await makeProject(folder);
    const says = ["/proc/x/linux is not writable: no folder can be made there (ENOENT).", "-> --out DIR"];
    await complains(project, [...build, "--out", "/proc/x"], { exitCode: 1, says });
  });

  test("with too few open files allowed is reported with what to type", async ({ folder }) => {
    const project = await makeProject(folder);
    const says = ["Too many files are open at once", "-> ulimit -n 4096, in the shell that starts kovn-build"];
    const wrap = ["sh", "-c", 'ulimit -n 40; exec "$@"', "sh"];
    await complains(project, build, { exitCode: 1, says }, { wrap });
  });

  test("in which the target is a file is reported, and the file stays", async ({ folder }) => {
    const project = await makeProject(folder, { "results/linux": "mine\n" });
    await complains(project, [...build, "--out", "results"], {
      exitCode: 2,
      says: ["project/results/linux is not a folder, so no results", "-> --out DIR"],
    });
  });

  test.skipIf(asNobody === undefined)("that belongs to another user is reported (needs user namespaces)", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(folder, "results"), { mode: 0o555 });
    const says = ["results/linux is not writable: permission is denied."];
    await complains(project, [...build, "--out", "../results"], { exitCode: 1, says }, { wrap: asNobody ?? [] });
  });

  test.skipIf(!canMount)("on a read-only disk is reported (needs root)", async ({ folder }) => {
    const project = await makeProject(folder);
    const says = ["project/dist/linux is not writable: the file system is read-only."];
    await complains(project, build, { exitCode: 1, says }, { wrap: onReadOnlyDisk(join(folder, "project")) });
  });

  test.skipIf(!canMount)(
    "in which the target is a mount point is reported before anything runs (needs root)",
    async ({ folder }) => {
      const project = await makeProject(folder, { "dist/linux/old.txt": "old\n" });
      const says = ["project/dist/linux cannot be replaced: a file system is mounted there.", "-> mount it at "];
      const result = await complains(project, build, { exitCode: 1, says }, { wrap: onMount(join(project, "dist/linux")) });
      expect(result.stderr).not.toContain("demo: started");
    },
  );

  test("of patches apply that is a link to nothing is reported", async ({ folder }) => {
    const project = await makeProject(folder);
    await symlink("../nowhere", join(project, "tree"));
    const says = ["project/tree cannot be made: ", "project/tree is a link to nothing."];
    await complains(project, ["patches", "apply", "demo", "tree"], { exitCode: 1, says });
  });

  test("in which the target is a link to nothing is reported", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(project, "results"));
    await symlink("../nowhere", join(project, "results/linux"));
    const says = ["results/linux is not writable: ", "results/linux is a link to nothing."];
    await complains(project, [...build, "--out", "results"], { exitCode: 1, says });
  });

  test.skipIf(!canMount)("on a full disk keeps the previous results (needs root)", async ({ folder }) => {
    const project = await makeProject(folder, {
      "pipelines/test.yaml": pipelineYaml("head -c 200000 /dev/zero > ../out/big.txt"),
    });
    const results = join(folder, "results");
    await mkdir(results);
    const says = ["cannot be used: no space is left on the disk.", "-> free some space"];
    const result = await complains(project, [...build, "--out", results], { exitCode: 1, says }, { wrap: onSmallDisk(results) });
    expect(
      result.stderr
        .split("\n")
        .filter((line) => line.startsWith("left:"))
        .toSorted(),
    ).toEqual(["left: linux/artifacts.json", "left: linux/old.txt"]);
  });
});

describe.concurrent("a machine", () => {
  test.skipIf(!canMount)("without disk space for the build is reported before it starts (needs root)", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(project, ".kovn"), { recursive: true });
    const says = ["disk space: ", "B free in ", "GB: 1 job of"];
    await complains(project, build, { exitCode: 1, says }, { wrap: onSmallDisk(join(project, ".kovn")) });
  });

  test.skipIf(!canMount)("without disk space for a mirror is reported with git's message (needs root)", async ({ folder }) => {
    const project = await makeProject(folder);
    await mkdir(join(project, ".kovn"), { recursive: true });
    await execa("sh", ["-c", "head -c 300000 /dev/urandom > big && git add big"], { cwd: join(folder, "upstream") });
    const commit = await commitAll(join(folder, "upstream"), "Big");
    await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml(join(folder, "upstream")).replace(pin, commit) });
    const args = ["patches", "apply", "demo", "tree"];
    await complains(
      project,
      args,
      { exitCode: 1, says: ["No space left on device"] },
      { wrap: onSmallDisk(join(project, ".kovn")) },
    );
  });

  test.skipIf(asNobody === undefined)(
    "with missing packages that only root can install is reported with what to type (needs user namespaces)",
    async ({ folder }) => {
      const packages = "    packages: [kovn-no-such-package]\n";
      const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("true").concat(packages) });
      const says = [
        "Only root can install packages. Missing: kovn-no-such-package",
        "-> sudo apt-get install --no-install-recommends kovn-no-such-package",
      ];
      await complains(project, [...build, "--install-deps"], { exitCode: 1, says }, { wrap: asNobody ?? [] });
    },
  );

  test("without the needed packages is reported with how to install them", async ({ folder }) => {
    const packages = "    packages: [kovn-no-such-package]\n";
    const project = await makeProject(folder, { "pipelines/test.yaml": pipelineYaml("true").concat(packages) });
    await complains(project, build, { exitCode: 1, says: ["not installed: kovn-no-such-package", "--install-deps"] });
  });

  test("without git is reported by every command", async ({ folder }) => {
    const project = await makeProject(folder);
    const env = { PATH: join(folder, "bin") };
    await complains(
      project,
      ["plan", ...build],
      { exitCode: 1, says: ["Program `git` cannot be started. Is it installed?"] },
      { env },
    );
  });
});

test("after a failure the same command succeeds once the cause is fixed", async ({ folder }) => {
  const project = await makeProject(folder);
  await rename(join(folder, "upstream"), join(folder, "away"));
  await complains(project, build, { exitCode: 1, says: ["cannot be reached"] });
  await rename(join(folder, "away"), join(folder, "upstream"));
  const result = await run(project, [process.execPath, join(process.cwd(), "build/cli.js"), ...build]);
  expect(result.exitCode).toBe(0);
});
