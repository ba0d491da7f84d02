import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect } from "vitest";
import { parse } from "yaml";
import { checkRoots } from "../../src/machine/roots.ts";
import { knownRoots } from "../../src/root/known.ts";
import { cli } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { startGitHub } from "../helpers/github.ts";
import { host } from "../helpers/host.ts";
import { isNightly } from "../helpers/nightly.ts";
import { commitAll, demo, inGit, mail, makeProject, pipelineYaml, replaceLine, writeFiles } from "../helpers/project.ts";
import { copyOwnFiles } from "./own-files.ts";
import { linkInstalled, runWorkflow, type Context } from "./workflow.ts";

/** Pipelines for Windows: one that makes an installer on Linux, and the one that makes a driver, which does not run here. */
const windows = {
  "pipelines/mingw.yaml": pipelineYaml("cp greeting.txt ../out/demo.msi", "*.msi")
    .replace("name: test\ntarget: linux", "name: mingw\ntarget: windows\ntoolchain: mingw")
    .replace("source: demo\n", "source: demo\n    driver: true\n"),
  "pipelines/msvc.yaml": pipelineYaml("true")
    .replace("name: test\ntarget: linux", "name: msvc\ntarget: windows\ntoolchain: msvc\nhost: windows")
    .replace("demo:", "driver:"),
};

/** The first root, and the machine itself where that cannot be made or would take too long. The others are the same. */
async function chooseRoot(): Promise<(entry: Context) => Context | string> {
  const [first] = knownRoots;
  const [check] = isNightly ? await checkRoots(host, first) : [];
  return (entry) => {
    const { root = "host" } = entry as { readonly root?: string };
    if (root === "host") return entry;
    if (root !== first?.name) return `it needs root ${root}`;
    return check?.status === "ok" ? entry : { ...entry, root: "host" };
  };
}

/**
 * Installs packages once: for each job with those of development the ones that are here, and for the
 * others what the first job installed. Nightly, each job runs its own command.
 */
function installOnce(command: string): string {
  if (isNightly) return command;
  if (!command.startsWith("npm ci --omit=dev ")) return linkInstalled(command);
  return `[ -e ../installed ] || { ${command} && mkdir ../installed && mv node_modules ../installed; }; ln -s ../installed/node_modules .`;
}

/** Where `kovn-build init` puts its workflow. */
const workflowOfInit = ".github/workflows/kovn-build.yml";

/** What npm needs to download: the machine's certificates, and what it has downloaded before. */
async function npmEnv(): Promise<Readonly<Record<string, string>>> {
  const { NODE_EXTRA_CA_CERTS } = process.env;
  const { stdout } = await execa("npm", ["config", "get", "cache"]);
  return {
    ...{ npm_config_cache: stdout, npm_config_prefer_offline: "true" },
    ...(NODE_EXTRA_CA_CERTS === undefined ? {} : { NODE_EXTRA_CA_CERTS }),
  };
}

/** The fixture's files are no programs: there is nothing to verify. `verify.test.ts` verifies packages. */
function withoutVerify(command: string): string {
  return command
    .replace(/ (--verify|\$\{VERIFY:\+--verify\})$/, "")
    .replace(/\b(cli\.js|kovn-build) publish\b/, "$& --allow-unverified");
}

/**
 * A repository with all files of this one, but with the fixture's patches and pipelines, which are
 * built in a second; tagged v1.0.0. Returns the tag's commit.
 */
async function makeOrigin(folder: string, origin: string): Promise<string> {
  await copyOwnFiles(origin, /^(patches|pipelines)\//);
  const project = await makeProject(folder, windows);
  for (const name of ["patches", "pipelines"]) await cp(join(project, name), join(origin, name), { recursive: true });
  await execa(process.execPath, [cli, "patches", "lock"], { cwd: origin });
  await rm(join(origin, ".kovn"), { recursive: true });
  await inGit(origin, "init", "--quiet", "--initial-branch=main");
  const commit = await commitAll(origin, "First");
  await inGit(origin, "tag", "--annotate", "--message=One", "v1.0.0");
  return commit;
}

/** The environment of a CI in an empty home. */
async function ciEnv(folder: string): Promise<Readonly<Record<string, string>>> {
  return { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), CI: "true", ...(await npmEnv()) };
}

/** A repository with its own patches and pipelines, and with the package as `docs/ci.md` installs it. Returns its commit too. */
async function makePackaged(folder: string, env: Readonly<Record<string, string>>) {
  const origin = await makeProject(folder, windows);
  await cp("templates/workflow.yml", join(origin, workflowOfInit), { recursive: true });
  await execa(process.execPath, [cli, "patches", "lock"], { cwd: origin });
  const { stdout: packed } = await execa("npm", ["pack", "--ignore-scripts", "--pack-destination", folder], { env });
  await writeFiles(origin, {
    "release.yaml": "to: [github]\n",
    "package.json": "{}",
    ".gitignore": "/.kovn/\n/dist/\n/node_modules/\n",
  });
  await execa("npm", ["install", "--save-dev", "--ignore-scripts", join(folder, packed.trim())], { cwd: origin, env });
  await inGit(origin, "init", "--quiet", "--initial-branch=main");
  return { origin, commit: await commitAll(origin, "First") };
}

/** The commands that a recipe of `docs/ci.md` runs: those of GitLab CI, and of Jenkins. */
async function readRecipes(): Promise<Readonly<Record<"gitlab" | "jenkins", readonly string[]>>> {
  const page = await readFile("docs/ci.md", "utf8");
  const [, gitlab = ""] = /```yaml\n(# \.gitlab-ci\.yml\n[^]*?)```/.exec(page) ?? [];
  const [, jenkins = ""] = /```groovy\n([^]*?)```/.exec(page) ?? [];
  const { packages } = parse(gitlab) as { readonly packages: { readonly script: readonly string[] } };
  return {
    gitlab: packages.script,
    jenkins: [...jenkins.matchAll(/\bsh '([^']*)'/g)].map(([, command = ""]) => command),
  };
}

describe("the workflows", () => {
  test("ci, the series in the summary of a pull request's job, in a clean clone", async ({ folder }) => {
    const origin = join(folder, "origin");
    await makeOrigin(folder, origin);
    await inGit(origin, "checkout", "--quiet", "-b", "merge");
    await inGit(origin, "checkout", "--quiet", "-b", "series");
    await writeFiles(origin, {
      [`${demo}/greet-all.patch`]: mail("Greet all", replaceLine("greeting.txt", "hello world", "hello everybody")),
    });
    await commitAll(origin, "Change the series");
    await inGit(origin, "checkout", "--quiet", "merge");
    await inGit(origin, "merge", "--quiet", "--no-ff", "--message=Merge", "series");
    const steps = join(folder, "steps");
    await mkdir(steps);
    const env = { PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), GITHUB_ACTIONS: "true", CI: "true" };
    const reported: string[] = [];
    const report = (text: string) => void reported.push(text);
    const runner = { origin, tag: "merge", folder: steps, env, token: "", edit: installOnce, report, only: ["series"] };
    await runWorkflow(".github/workflows/ci.yml", {}, runner);
    expect(reported).toEqual([".github/workflows/ci.yml: series: skipped"]);
    await runWorkflow(".github/workflows/ci.yml", {}, { ...runner, event: "pull_request" });
    const written = (await readdir(steps)).filter((name) => name.endsWith(".summary"));
    const texts = await Promise.all(written.map((name) => readFile(join(steps, name), "utf8")));
    expect(texts.join("")).toContain("| patch | changed | `greet-all.patch` | Greet all |");
    expect(texts.join("")).toContain("\n++hello everybody\n");
  });

  test("release, from the tag to the published release, with each step in a clean clone", async ({ folder }) => {
    const origin = join(folder, "origin");
    const commit = await makeOrigin(folder, origin);
    await using server = await startGitHub({ tags: { "v1.0.0": commit } });
    const reported: string[] = [];
    const steps = join(folder, "steps");
    await mkdir(steps);
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: join(folder, "home"),
      ...{ GITHUB_ACTIONS: "true", CI: "true", GITHUB_API_URL: server.url, GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "17" },
      ...{ GITHUB_SERVER_URL: "https://github.com", GITHUB_WORKFLOW_REF: "o/r/.github/workflows/release.yml@refs/tags/v1.0.0" },
    };
    const runner = {
      origin,
      tag: "v1.0.0",
      folder: steps,
      env,
      token: server.token,
      choose: await chooseRoot(),
      edit: (command: string) => withoutVerify(installOnce(command)),
      report: (text: string) => void reported.push(text),
    };
    await runWorkflow(".github/workflows/release.yml", {}, runner);
    console.log(reported.join("\n"));

    expect(server.state.problems).toEqual([]);
    expect(server.state.published).toHaveLength(1);
    const [release] = server.state.releases;
    const contents = new Map(release?.assets.map(({ name, content }) => [name, content]));
    expect([...contents.keys()].toSorted()).toEqual([
      "SHA256SUMS",
      "artifacts-linux-amd64-default.json",
      "artifacts-windows-amd64-default.json",
      "demo.msi",
      "greeting.txt",
      "provenance-linux-amd64-default.intoto.json",
      "provenance-windows-amd64-default.intoto.json",
      expect.stringMatching(/^sbom-1\.0-/),
    ]);
    expect(contents.get("greeting.txt")).toBe("hello all worlds\n");
    // The driver is made on a machine that is not here, so the job that makes it has not left one.
    expect(reported).toContain("build-driver: not run here: it needs windows-2022");
    expect(release?.body).toContain("The installer for Windows has no Hyper-V extension");
    const provenance = contents.get("provenance-linux-amd64-default.intoto.json") ?? "";
    expect(provenance).toContain('"id": "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1.0.0"');
    expect(provenance).toContain('"invocationId": "https://github.com/o/r/actions/runs/17/attempts/1"');
    const written = (await readdir(steps)).filter((name) => /\.(log|output|summary)$/.test(name));
    const texts = await Promise.all(written.map((name) => readFile(join(steps, name), "utf8")));
    expect(texts.join("")).not.toContain(server.token);
    expect(texts.join("")).toContain("### Published");
    expect(texts.join("")).toContain(`url<<`);
    for (const name of written.filter((file) => file.endsWith(".summary")))
      expect((await stat(join(steps, name))).size).toBeLessThan(1024 * 1024);
  });

  test.runIf(isNightly)(
    "kovn-build, in a repository with nothing but its own patches, pipelines and the package (nightly)",
    async ({ folder }) => {
      const env = { ...(await ciEnv(folder)), GITHUB_ACTIONS: "true" };
      const { origin, commit } = await makePackaged(folder, env);
      await inGit(origin, "tag", "--annotate", "--message=One", "v1.0.0");
      await using server = await startGitHub({ tags: { "v1.0.0": commit } });
      const reported: string[] = [];
      const steps = join(folder, "steps");
      await mkdir(steps);
      await runWorkflow(
        workflowOfInit,
        {},
        {
          ...{ origin, tag: "v1.0.0", folder: steps, token: server.token, edit: withoutVerify, choose: await chooseRoot() },
          env: { ...env, GITHUB_API_URL: server.url, GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "17" },
          report: (text) => void reported.push(text),
        },
      );
      console.log(reported.join("\n"));
      expect(server.state.problems).toEqual([]);
      const names = server.state.releases[0]?.assets.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["greeting.txt", "demo.msi", "SHA256SUMS"]));
    },
  );

  test.runIf(isNightly)(
    "the recipes for GitLab CI and Jenkins, command by command in a clean clone (nightly)",
    async ({ folder }) => {
      const env = await ciEnv(folder);
      const { origin } = await makePackaged(folder, env);
      for (const [name, commands] of Object.entries(await readRecipes())) {
        expect(commands.join("\n"), name).toMatch(/npm ci [^]*kovn-build --target linux[^]*kovn-build publish --to /);
        const clone = join(folder, name);
        await inGit(folder, "clone", "--quiet", `file://${origin}`, clone);
        for (const command of commands) {
          // The fixture makes no package.
          const here = withoutVerify(command).replace("apt=/srv/apt", "dir=release");
          await execa("bash", ["--norc", "-euc", here], { cwd: clone, env, extendEnv: false });
        }
        expect(await readFile(join(clone, "release/greeting.txt"), "utf8"), name).toBe("hello all worlds\n");
      }
    },
  );

  test.runIf(isNightly)(
    "the one of docs/ci.md, in a repository with nothing but its own patches, pipelines and that workflow (nightly)",
    async ({ folder }) => {
      const tool = { name: "OWNER/kovn-build", repository: join(folder, "tool") };
      await makeOrigin(join(folder, "unused"), tool.repository);
      const origin = await makeProject(folder, windows);
      const called = ".github/workflows/packages.yml";
      const [, text = ""] =
        /```yaml\n(# \.github\/workflows\/packages\.yml\n[^]*?)```/.exec(await readFile("docs/ci.md", "utf8")) ?? [];
      await execa(process.execPath, [cli, "patches", "lock"], { cwd: origin });
      await rm(join(origin, ".kovn"), { recursive: true });
      await writeFiles(origin, { [called]: text });
      expect((await readdir(origin)).toSorted()).toEqual([".github", "patches", "pipelines"]);
      await inGit(origin, "init", "--quiet", "--initial-branch=main");
      const commit = await commitAll(origin, "First");
      await inGit(origin, "tag", "--annotate", "--message=One", "v1.0.0");
      await using server = await startGitHub({ tags: { "v1.0.0": commit } });
      const [steps, prefix] = [join(folder, "steps"), join(folder, "prefix")];
      await mkdir(steps);
      const reported: string[] = [];
      await runWorkflow(
        called,
        {},
        {
          ...{ origin, tool, tag: "v1.0.0", folder: steps, token: server.token, choose: await chooseRoot() },
          edit: withoutVerify,
          env: {
            ...{ PATH: `${prefix}/bin:${process.env["PATH"]}`, HOME: join(folder, "home"), CI: "true", GITHUB_ACTIONS: "true" },
            ...(await npmEnv()),
            npm_config_prefix: prefix,
            ...{ GITHUB_API_URL: server.url, GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "17" },
          },
          report: (line) => void reported.push(line),
        },
      );
      console.log(reported.join("\n"));
      expect(server.state.problems).toEqual([]);
      const names = server.state.releases[0]?.assets.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(["greeting.txt", "demo.msi", "SHA256SUMS"]));
      expect(server.state.releases[0]?.assets.find(({ name }) => name === "greeting.txt")?.content).toBe("hello all worlds\n");
    },
  );

  test.runIf(isNightly)(
    "release-npm, from the tag to the package in an empty folder, on each Node (nightly)",
    async ({ folder }) => {
      const origin = join(folder, "origin");
      await makeOrigin(folder, origin);
      const { version } = JSON.parse(await readFile("package.json", "utf8")) as { readonly version: string };
      const tag = `kovn-build-v${version}`;
      await inGit(origin, "tag", "--annotate", "--message=Itself", tag);
      const tried: string[] = [];
      const steps = join(folder, "steps");
      await mkdir(steps);
      const env = {
        ...{ PATH: process.env["PATH"] ?? "", HOME: join(folder, "home"), CI: "true", GITHUB_ACTIONS: "true" },
        ...{ GITHUB_SERVER_URL: "https://github.com", GITHUB_REPOSITORY: "o/r" },
        ...(await npmEnv()),
      };
      await runWorkflow(
        ".github/workflows/release-npm.yml",
        {},
        {
          ...{ origin, tag, folder: steps, env, token: "" },
          // `check` is the one that runs before all tests; what is published is only looked at.
          edit: (command) =>
            command === "npm run check" ? "true" : command.replace(/^npm publish --provenance/, "npm publish --dry-run"),
          node: async (wanted) => {
            tried.push(wanted);
            const to = join(folder, "node", wanted);
            await execa("npm", [
              "install",
              "--prefix",
              to,
              "--ignore-scripts",
              `node-${process.platform}-${process.arch}@~${wanted}`,
            ]);
            return join(to, `node_modules/node-${process.platform}-${process.arch}/bin`);
          },
          report: console.log,
        },
      );
      expect(tried).toEqual(["20.19", "22", "24", "26", "24"]);
      const read = async (name: string) => readFile(join(steps, name), "utf8");
      const last = (await readdir(steps)).find((name) => /^release-npm-publish-0-\d+\.log$/.test(name)) ?? "";
      expect(await read(last)).toContain(`+ kovn-build@${version}`);
      expect(JSON.parse(await read("release-npm-try-0/project/node_modules/kovn-build/package.json"))).toMatchObject({
        repository: { type: "git", url: "git+https://github.com/o/r.git" },
      });
    },
  );

  test("drift, from a clean clone to an open issue", async ({ folder }) => {
    const origin = join(folder, "origin");
    await makeOrigin(folder, origin);
    const upstream = join(folder, "upstream");
    await writeFile(join(upstream, "numbers.txt"), "1\n");
    await commitAll(upstream, "Count to one");
    await using server = await startGitHub();
    const steps = join(folder, "steps");
    await mkdir(steps);
    const env = {
      PATH: process.env["PATH"] ?? "",
      HOME: join(folder, "home"),
      ...{ GITHUB_ACTIONS: "true", CI: "true", GITHUB_API_URL: server.url, GITHUB_REPOSITORY: "o/r" },
    };
    const runner = { origin, tag: "v1.0.0", folder: steps, env, token: server.token, edit: installOnce, report: console.log };
    await runWorkflow(".github/workflows/drift.yml", {}, runner);
    expect(server.state.problems).toEqual([]);
    expect(server.state.issues).toMatchObject([{ state: "open", labels: ["outdated"] }]);
    expect(server.state.issues[0]?.body).toContain("`main` has 1 newer commit");
  });
});
