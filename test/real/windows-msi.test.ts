import { mkdir, readFile, readdir, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { execa } from "execa";
import { beforeAll, expect, test } from "vitest";
import { readPipeline } from "../../src/config/pipeline.ts";
import { runStep } from "../../src/steps/registry.ts";
import { aStepContext } from "../helpers/step.ts";
import { temporaryFolder, withPackages } from "./machine.ts";

// Only the step that makes the installer, with tiny files as programs: it shows more than a whole
// build.
beforeAll(async () => withPackages(() => execa("apt-get", ["-qy", "install", "--no-install-recommends", "wixl", "msitools"])));

/** Makes the pipeline's installer in `dir`, with the given revision. Returns its path. */
async function makeInstaller(dir: string, { driver = false, revision = 1 } = {}): Promise<string> {
  const project = { root: resolve("."), work: dir };
  const pipeline = await readPipeline(project, { target: "windows", toolchain: "mingw" }, "linux");
  const wxs = await readFile("pipelines/openvswitch.wxs", "utf8");
  const sources = [...wxs.matchAll(/ Source="([^"]+)"/g)].map(([, path = ""]) => join(dir, "src", path));
  const files = sources.filter((path) => driver || !path.includes("driver"));
  for (const path of [...files, join(dir, "inputs/openvswitch.wxs")]) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, path.endsWith(".wxs") ? wxs : path.slice(dir.length));
  }
  for (const folder of ["out", "tmp", "home"]) await mkdir(join(dir, folder), { recursive: true });
  const context = aStepContext(dir, { revision, versionSuffix: `+kovn${revision}.12345678` });
  for (const step of pipeline.jobs["ovs"]?.steps ?? []) if (step.uses === "msi") await runStep(step, context);
  const [name = ""] = await readdir(join(dir, "out"));
  return join(dir, "out", name);
}

async function table(file: string, name: string): Promise<string> {
  return (await execa("msiinfo", ["export", file, name])).stdout.replaceAll("\r", "");
}

async function productCode(file: string): Promise<string> {
  return /^ProductCode\t(.*)$/m.exec(await table(file, "Property"))?.[1] ?? "";
}

test("the same files in another folder give the same installer", async () => {
  await using folder = await temporaryFolder();
  const [one, two] = [await makeInstaller(join(folder.path, "one")), await makeInstaller(join(folder.path, "two"))];
  expect((await readFile(one)).equals(await readFile(two))).toBe(true);
});

test("the next revision is a newer product with the same upgrade code, and replaces versions up to its own", async () => {
  await using folder = await temporaryFolder();
  const first = await makeInstaller(join(folder.path, "one"));
  const second = await makeInstaller(join(folder.path, "two"), { revision: 2 });
  expect(await productCode(first)).not.toBe(await productCode(second));
  expect(await table(first, "Property")).toContain("ProductVersion\t3.1.8001\n");
  expect(await table(second, "Property")).toContain("ProductVersion\t3.1.8002\n");
  const code = "{DA802B12-433D-4742-A7AE-783AA0C48222}";
  expect(await table(second, "Upgrade")).toContain(`${code}\t0.0.0\t3.1.8003\t\t256\t\tOLDERFOUND`);
  expect(await table(second, "Upgrade")).toContain(`${code}\t3.1.8002\t\t\t2\t\tNEWERFOUND`);
});

test("a driver's three files are installed, and only if there is one", async () => {
  await using folder = await temporaryFolder();
  const withDriver = await table(await makeInstaller(join(folder.path, "one"), { driver: true }), "File");
  for (const name of ["ovsext.sys", "ovsext.inf", "ovsext.cat"])
    expect(withDriver).toMatch(new RegExp(`\\tDriver\\t\\S*${name}\\t`));
  expect(await table(await makeInstaller(join(folder.path, "two")), "File")).not.toContain("ovsext");
});

test("codes are in capitals, and a repair neither removes nor makes the database", async () => {
  await using folder = await temporaryFolder();
  const file = await makeInstaller(folder.path);
  expect(await table(file, "Property")).toContain("UpgradeCode\t{DA802B12-433D-4742-A7AE-783AA0C48222}\n");
  expect(await table(file, "RemoveFile")).toContain("\tconf.db\tCONFDIR\t2\n");
  for (const action of ["RemoveOldDatabase", "CreateDatabase", "InitDatabase"])
    expect(await table(file, "InstallExecuteSequence")).toContain(`${action}\tNOT Installed\t`);
});

test("actions are in an order that Windows Installer accepts", async () => {
  await using folder = await temporaryFolder();
  const rows = (await table(await makeInstaller(folder.path), "InstallExecuteSequence"))
    .split("\n")
    .map((row) => row.split("\t"));
  const ordered = rows.toSorted((a, b) => Number(a[2]) - Number(b[2])).map(([name]) => name);
  const wanted = [
    "LaunchConditions",
    "InstallValidate",
    "RemoveExistingProducts",
    "InstallInitialize",
    "StopServices",
    "DeleteServices",
  ];
  const rest = ["RemoveEnvironmentStrings", "RemoveFiles", "InstallFiles", "WriteEnvironmentStrings", "InstallServices"];
  const last = ["RemoveOldDatabase", "CreateDatabase", "StartServices", "InitDatabase", "RemoveLeftovers", "InstallFinalize"];
  const all = [...wanted, ...rest, ...last];
  expect(ordered.filter((name) => all.includes(name ?? ""))).toEqual(all);
});
