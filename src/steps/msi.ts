import { mkdir, utimes } from "node:fs/promises";
import { join, resolve, sep } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { exists, sha256 } from "../sys/files.ts";
import { guidOf } from "../sys/guid.ts";
import { readText } from "../sys/read-file.ts";
import { writeTemporary } from "../sys/write-whole.ts";
import { pathSchema } from "../sys/schemas.ts";
import { runProgram, type StepContext, type StepKind } from "./step.ts";

const tableName = z.string().regex(/^\w+$/, "expected letters, digits and underscores");

const table = z
  .strictObject({
    columns: z
      .record(tableName.describe("column"), z.string().regex(/^[silSIL]\d+$/, "expected a column type such as s72, L255 or i2"))
      .describe("Type of each column, such as `s72`, `L255` or `i2`."),
    keys: z.int().positive().describe("Number of columns, from the first, that are the key."),
    rows: z
      .array(z.array(z.string().regex(/^[^\t\r\n]*$/, "expected text without tabs and line ends")))
      .min(1)
      .describe("Rows, each with a value for each column."),
  })
  .refine(
    ({ columns, rows }) => rows.every((row) => row.length === Object.keys(columns).length),
    "expected a value for each column in each row",
  );

const schema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9]+$/, "expected letters and digits")
      .describe("Name of the installer: `<name>-<version>-x64.msi`."),
    subject: z.string().min(1).describe("The product, in a few words."),
    author: z.string().min(1).describe("Author that the installer names."),
    wxs: pathSchema.describe("WiX source of the installer. It must be one of the job's `inputs`."),
    tables: z.record(tableName.describe("table"), table).default({}).describe("Tables of the installer that wixl cannot write."),
    queries: z.array(z.string().min(1)).default([]).describe("SQL queries that change tables, run in order (`msibuild -q`)."),
  })
  .describe("Makes an installer for Windows in `out/` from a WiX source. The same files give the same installer.");

type Input = z.infer<typeof schema>;

/**
 * `uses: msi`: makes an installer for Windows in `out/`. wixl(1) compiles the WiX source,
 * msibuild(1) adds the tables that wixl cannot write. The same files give the same installer:
 * product codes come from the version, times from the patched commit.
 */
export const msi: StepKind<"msi", Input> = {
  name: "msi",
  schema,
  run,
  makes: ({ name }) => [`${name}-*.msi`],
  packages: ["msitools", "wixl"],
};

async function run(input: Input, context: StepContext): Promise<void> {
  const version = `${context.version}${context.versionSuffix}`;
  const file = join(context.dir, "out", `${input.name}-${version}-x64.msi`);
  const source = join(context.dir, "inputs", input.wxs);
  const defined = {
    Version: productVersion(context.version, context.revision),
    NextVersion: productVersion(context.version, context.revision + 1),
    ProductCode: codeOf(`product ${input.name} ${version}`),
    Driver: (await exists(join(context.dir, "inputs/driver"))) ? "yes" : "no",
  };
  await setTimes(source, context);
  const definitions = Object.entries(defined).flatMap(([name, value]) => ["-D", `${name}=${value}`]);
  await mkdir(join(context.dir, "out"), { recursive: true });
  await runProgram("wixl", ["--arch", "x64", ...definitions, "--output", file, source], {}, context);
  const tables = {
    ...input.tables,
    _SummaryInformation: summary(input, codeOf(`package ${input.name} ${version}`), context),
  };
  for (const [name, content] of Object.entries(tables)) {
    const path = join(context.dir, "tmp", `${name}.idt`);
    await writeTemporary(path, tableText(name, content));
    await runProgram("msibuild", [file, "-i", path], {}, context);
  }
  for (const query of input.queries) await runProgram("msibuild", [file, "-q", query], {}, context);
  await context.onLines([
    `kovn-build: product version ${defined.Version}, product code ${defined.ProductCode}, driver: ${defined.Driver}`,
  ]);
}

/**
 * Makes the product version that Windows compares: three numbers of at most 255, 255 and 65535. The
 * first two are upstream's. The third is upstream's times 1000 plus the revision of the series, so
 * that Windows takes each revision as newer than the one before.
 */
export function productVersion(version: string, revision: number): string {
  const [, major = "", minor = "", patch = ""] = /^(\d+)\.(\d+)\.(\d+)/.exec(version) ?? [];
  const third = Number(patch) * 1000 + revision;
  if (patch === "" || revision > 999 || Number(major) > 255 || Number(minor) > 255 || third > 65_535)
    throw new BuildError(
      "build",
      `Version ${version}, revision ${revision}, does not fit into the three numbers of an installer.`,
    );
  return `${major}.${minor}.${third}`;
}

/** A GUID that is the same for the same text, as Windows Installer writes it. */
function codeOf(text: string): string {
  return `{${guidOf(sha256(`kovn-build ${text}`)).toUpperCase()}}`;
}

/**
 * Sets the times of files that the WiX source names to that of the patched commit, because wixl
 * copies them into the cabinet. Paths in the WiX source are relative to `src/`.
 */
async function setTimes(source: string, { dir, epoch }: StepContext): Promise<void> {
  const files = [...(await readText(source, "a source file")).matchAll(/ Source="([^"]+)"/g)].map(([, path = ""]) =>
    resolve(dir, "src", path),
  );
  for (const file of files) if (file.startsWith(`${dir}${sep}`) && (await exists(file))) await utimes(file, epoch, epoch);
}

/**
 * Makes the table of what Windows shows about the file itself, in place of wixl's, which has a
 * random package code and the current time. For the property ids see MSI's Summary Information.
 */
function summary(
  { subject, author }: Input,
  code: string,
  { epoch, label }: Pick<StepContext, "epoch" | "label">,
): z.infer<typeof table> {
  const time = new Date(epoch * 1000).toISOString().replaceAll("-", "/").replace("T", " ").slice(0, 19);
  const properties: Readonly<Record<number, string>> = {
    1: "1252", // code page
    2: "Installation Database",
    3: subject,
    4: author,
    5: "Installer",
    6: `Kube-OVN line ${label.line}, base ${label.baseCommit}, patched commit ${label.patchedCommit}`,
    7: "x64;1033",
    9: code,
    12: time, // created
    13: time, // saved
    14: "405", // Windows Installer 4.5
    15: "2", // compressed files, long names
    18: "kovn-build",
    19: "2", // read-only recommended
  };
  return { columns: { PropertyId: "i2", Value: "l255" }, keys: 1, rows: Object.entries(properties).map((row) => [...row]) };
}

/** Formats a table as msibuild reads it, with tabs: names, types, name and keys, rows. */
function tableText(name: string, { columns, keys, rows }: z.infer<typeof table>): string {
  const names = Object.keys(columns);
  return [names, Object.values(columns), [name, ...names.slice(0, keys)], ...rows].map((row) => `${row.join("\t")}\r\n`).join("");
}
