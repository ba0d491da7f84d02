import { readFile, readdir } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { build } from "../../src/index.ts";
import { kovnBuild, spawnBuild } from "../helpers/cli.ts";
import { test as inFolder } from "../helpers/folder.ts";
import { inGit, makeProject, sourceYaml, demo, writeFiles } from "../helpers/project.ts";

const token = "glpat-0123456789/=&";

interface Git {
  readonly host: string;
  readonly logins: Set<string>;
  /** Arguments of programs that ran during a request and had the token. */
  readonly seen: string[];
}

/** vitest's `test` with a server of the upstream's repository that wants a login. */
const test = inFolder.extend<{ git: Git }>({
  git: async ({ folder }, use) => {
    const logins = new Set<string>();
    const seen: string[] = [];
    const server = createServer((request, response): void => {
      const [, login] = /^Basic (.*)$/.exec(request.headers.authorization ?? "") ?? [];
      if (login === undefined) {
        response.writeHead(401, { "www-authenticate": "Basic realm=x" }).end();
        return;
      }
      logins.add(Buffer.from(login, "base64").toString());
      void (async () => {
        for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
          const args = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
          if (args.includes("glpat")) seen.push(args);
        }
        const path = new URL(request.url ?? "", "http://x").pathname;
        const content = await readFile(join(folder, "upstream/.git", path)).catch(() => undefined);
        response.writeHead(content === undefined ? 404 : 200).end(content);
      })();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    await use({ host: `127.0.0.1:${(server.address() as AddressInfo).port}`, logins, seen });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

/** The files below a folder that have a text. */
async function filesWith(text: string, folder: string): Promise<readonly string[]> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name));
  const has = await Promise.all(paths.map(async (path) => (await readFile(path)).includes(text)));
  return paths.filter((_, index) => has[index]);
}

const options = ["--target", "linux", "--unlocked", "--from"];

describe("a login in the address of --from", () => {
  test("reaches the server and nothing else", async ({ folder, git }) => {
    const project = await makeProject(folder);
    await inGit(join(folder, "upstream"), "update-server-info");
    const from = `demo=http://bot:${encodeURIComponent(token)}@${git.host}/`;
    const results = [
      await spawnBuild(project, [...options, from]),
      await spawnBuild(project, ["plan", ...options, from, "--json"]),
      await spawnBuild(project, ["patches", "apply", "demo", "tree", `--from=${from}`]),
      await spawnBuild(project, ["report"]),
      await spawnBuild(project, [
        "publish",
        "--allow-unlocked",
        "--allow-unverified",
        "--to",
        `dir=${folder}/site`,
        "--to",
        `tar=${folder}/b.tar`,
      ]),
    ];
    expect(results.map(({ exitCode, stderr }) => (exitCode === 0 ? "" : stderr))).toEqual(["", "", "", "", ""]);
    expect([...git.logins]).toEqual([`bot:${token}`]);
    expect(git.seen).toEqual([]);
    expect(JSON.stringify(results)).not.toContain("glpat");
    expect(await filesWith("glpat", folder)).toEqual([]);
  });

  test("may be a token without a name", async ({ folder, git }) => {
    const project = await makeProject(folder);
    await inGit(join(folder, "upstream"), "update-server-info");
    const from = `demo=http://${encodeURIComponent(token)}@${git.host}/`;
    expect(await spawnBuild(project, [...options, from])).toMatchObject({ exitCode: 0 });
    expect([...git.logins]).toEqual([`${token}:`]);
    expect(await filesWith("glpat", folder)).toEqual([]);
  });

  test("nor is it shown when the server refuses it, or the address cannot be read", async ({ folder, git }) => {
    const project = await makeProject(folder);
    const login = encodeURIComponent(token);
    const places = [
      `demo=http://${login}@${git.host}/none`,
      `demo=http://bot:glpat/0123@${git.host}/`,
      `demo=http://${git.host}/?private_token=${login}`,
      `demo=ssh://git:${login}@${git.host}/x.git`,
      `demo=git:${login}@${git.host}:x.git`,
      `http://${login}@${git.host}/`,
      `other=http://${login}@${git.host}/`,
      `http://${git.host}/?token=${login}`,
    ];
    for (const place of places) {
      const { exitCode, stdout, stderr } = await kovnBuild(project, [...options, place]);
      expect(exitCode).toBeGreaterThan(0);
      expect(`${stdout}${stderr}`).not.toMatch(/glpat|bug/);
      // No hint is masked: a person could not type it.
      expect(stderr).not.toMatch(/->.*\*{3}/);
      expect(await filesWith("glpat", project)).toEqual([]);
    }
  });

  test("reaches the server from a program that uses kovn-build", async ({ folder, git }) => {
    const project = await makeProject(folder);
    await inGit(join(folder, "upstream"), "update-server-info");
    const from = [`demo=http://bot:${encodeURIComponent(token)}@${git.host}/`];
    await build({ folder: project, target: "linux", unlocked: true, from, env: { PATH: process.env["PATH"] ?? "" } });
    expect([...git.logins]).toEqual([`bot:${token}`]);
    expect(await filesWith("glpat", folder)).toEqual([]);
  });

  test("is refused in source.yaml, where it would be published", async ({ folder }) => {
    const upstream = "https://glpat-0123@example.com/demo.git";
    const project = await makeProject(folder, { [`${demo}/source.yaml`]: sourceYaml(upstream) });
    const { exitCode, stderr } = await kovnBuild(project, ["plan", "--target", "linux", "--unlocked"]);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("source.yaml:1:11: `upstream`: address has a user name or a token");
    expect(stderr).not.toContain("glpat");
  });
});

test("what is published names the upstream of source.yaml, not the clone of --from", async ({ folder }) => {
  const project = await makeProject(folder);
  await writeFiles(project, { [`${demo}/source.yaml`]: sourceYaml("https://example.com/demo.git") });
  await inGit(folder, "clone", "--quiet", "--bare", "upstream", "my-private-clone");
  expect(await kovnBuild(project, [...options, "demo=../my-private-clone"])).toMatchObject({ exitCode: 0 });
  const to = ["--to", `dir=${folder}/site`, "--to", `tar=${folder}/b.tar`];
  expect(await kovnBuild(project, ["publish", "--allow-unlocked", "--allow-unverified", ...to])).toMatchObject({ exitCode: 0 });
  for (const place of [join(project, "dist"), join(folder, "site"), join(project, ".kovn/cache")])
    expect(await filesWith("my-private-clone", place)).toEqual([]);
  expect(await readFile(join(folder, "b.tar"), "latin1")).not.toContain("my-private-clone");
  expect(await readFile(join(project, "dist/linux/artifacts.json"), "utf8")).toContain("https://example.com/demo.git");
});
