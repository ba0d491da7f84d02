import { readdir } from "node:fs/promises";
import { join } from "node:path";
// Not the whole of semver, which is 49 files: a plan must be fast.
import coerce from "semver/functions/coerce.js";
import compare from "semver/functions/compare.js";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { exists } from "../sys/files.ts";
import { textSchema } from "../sys/schemas.ts";
import { unknownName } from "./names.ts";
import type { Project } from "./project.ts";
import { readYaml } from "./yaml.ts";

const nameForm = /^\d[a-z0-9.-]*$/;

const line = z.strictObject({
  line: z
    .string()
    .regex(nameForm, "expected a name such as `1.12`: a digit, then lower-case letters, digits, dots and hyphens")
    .describe("Name of the line, which is its folder in `patches/`."),
  standsFor: textSchema.exactOptional().describe("Release of Kube-OVN that the line is for, such as `Kube-OVN 1.12`."),
  supportedUntil: z
    .string()
    .regex(/^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/, "expected a year, a month or a day, such as 2026-02")
    .exactOptional()
    .describe("Last year, month or day that this release is supported, such as `2026-02`. After it, commands show a notice."),
});

/** `patches/lines.yaml`. */
export const linesFile = z
  .strictObject({
    default: z.string().describe("Line that commands take if `--line` is not given."),
    lines: z.array(line).min(1, "expected at least one line").describe("Release lines in their order, oldest first."),
  })
  .superRefine(({ default: first, lines }, context) => {
    const names = lines.map((one) => one.line);
    if (!names.includes(first))
      context.addIssue({ code: "custom", path: ["default"], message: `line ${first} is not in \`lines\`` });
    for (const [index, name] of names.entries())
      if (names.indexOf(name) < index)
        context.addIssue({ code: "custom", path: ["lines", index, "line"], message: "this line is listed twice" });
  });

const shown = "patches/lines.yaml";

/** A release line: its name, and what `patches/lines.yaml` says about it. */
export interface Line extends Readonly<Omit<z.infer<typeof line>, "line">> {
  readonly name: string;
}

/** The release lines of a project. */
export interface Lines {
  /** Oldest first. */
  readonly all: readonly Line[];
  /** The line that commands take if none is given; undefined if there is no line. */
  readonly first: Line | undefined;
}

/** Reads the release lines of a project. Without `patches/lines.yaml`, the newest folder is the default. */
export async function readLines(project: Project): Promise<Lines> {
  const folders = await listLines(project);
  const file = await readFile(project, linesFile);
  const described = (file?.lines ?? []).map(({ line: name, ...rest }) => ({ name, ...rest }));
  const listed = described.filter(({ name }) => folders.includes(name));
  const others = folders.filter((name) => !described.some((one) => one.name === name));
  const all = [...listed, ...others.map((name): Line => ({ name }))];
  return { all, first: file === undefined ? all.at(-1) : all.find(({ name }) => name === file.default) };
}

/**
 * Checks that `patches/lines.yaml` lists the folders of the release lines. Returns a sentence about
 * them; undefined if there is no such file. Throws "project" with all that is wrong.
 */
export async function checkLinesFile(project: Project): Promise<string | undefined> {
  const folders = await listLines(project);
  const schema = linesFile.superRefine(({ lines }, context) => {
    const names = lines.map((one) => one.line);
    for (const [index, name] of names.entries())
      if (!folders.includes(name))
        context.addIssue({ code: "custom", path: ["lines", index, "line"], message: `folder patches/${name} does not exist` });
    for (const name of folders)
      if (!names.includes(name))
        context.addIssue({ code: "custom", path: ["lines"], message: `folder patches/${name} is not listed` });
  });
  const file = await readFile(project, schema);
  return file === undefined ? undefined : `${file.lines.map((one) => one.line).join(", ")}; the default is ${file.default}`;
}

async function readFile<T>({ root }: Project, schema: z.ZodType<T>): Promise<T | undefined> {
  const path = join(root, shown);
  return (await exists(path)) ? readYaml(path, schema, shown) : undefined;
}

/** The names of the folders in `patches/` that are release lines, lowest version first. */
export async function listLines({ root }: Project): Promise<readonly string[]> {
  const entries = await readdir(join(root, "patches"), { withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isDirectory() && nameForm.test(entry.name) && coerce(entry.name) !== null)
    .map((entry) => entry.name);
  return names.toSorted(compareLines);
}

/** True if a line is `first` or newer, by their versions. */
export function isLineSince(name: string, first: string): boolean {
  return compareLines(name, first) >= 0;
}

function compareLines(a: string, b: string): number {
  return compare(coerce(a) ?? "0.0.0", coerce(b) ?? "0.0.0");
}

/**
 * Picks a line by its name, or by a version or tag of it; the default line if `asked` is empty.
 * Throws "usage" if the line does not exist.
 */
export async function pickLine(project: Project, asked: string | undefined): Promise<string> {
  const { all, first } = await readLines(project);
  if (all.length === 0)
    throw new BuildError("project", `patches/: no release line, such as \`patches/1.12/\`, in ${project.root}.`);
  if (asked === undefined || asked === "") {
    if (first !== undefined) return first.name;
    await checkLinesFile(project);
    throw new BuildError("project", `${shown}: its default line does not exist.`);
  }
  const name = lineName(asked);
  const known = new Map(all.map((one) => [one.name, describeLine(one, `\`${one.name}\``)]));
  if (known.has(name)) return name;
  throw unknownName("Line", asked, [...known.keys()], (one) => known.get(one) ?? one);
}

/** The line of a version or tag, such as `v1.12.3`; any other name as it is. */
export function lineName(asked: string): string {
  return /^v?(\d+\.\d+)\.\d+(-[\w.-]+)?$/.exec(asked)?.[1] ?? asked;
}

/** Names a line as `1.12 (Kube-OVN 1.12, supported until 2026-02)`, as far as that is known. */
export function describeLine({ name, standsFor, supportedUntil }: Line, quoted = name): string {
  const facts = [standsFor ?? [], supportedUntil === undefined ? [] : `supported until ${supportedUntil}`].flat();
  return facts.length === 0 ? quoted : `${quoted} (${facts.join(", ")})`;
}

/** What is known about a line; if its support has ended, a notice, and the newest line that is supported. */
export async function aboutLine(
  project: Project,
  name: string,
  now = new Date(),
): Promise<{ readonly about: Line; readonly ended?: string; readonly newer?: string }> {
  const { all } = await readLines(project);
  const about = all.find((one) => one.name === name) ?? { name };
  if (!isEnded(about, now)) return { about };
  const newer = all.findLast((one) => one.supportedUntil !== undefined && !isEnded(one, now))?.name;
  const ended = saySupport(about, "was");
  return newer === undefined ? { about, ended } : { about, ended: `${ended} (--line ${newer})`, newer };
}

/** True if the support of a line has ended. */
export function isEnded({ supportedUntil: until }: Line, now = new Date()): boolean {
  return until !== undefined && now.toISOString().slice(0, until.length) > until;
}

/** A sentence on what a line is for and how long that is supported; empty if neither is known. */
export function saySupport({ name, standsFor, supportedUntil }: Line, verb = "is"): string {
  const until = supportedUntil === undefined ? [] : [`${verb} supported until ${supportedUntil}`];
  const facts = standsFor === undefined ? until : [`is for ${standsFor}`, ...until.map((text) => `which ${text}`)];
  return facts.length === 0 ? "" : `Line ${name} ${facts.join(", ")}.`;
}
