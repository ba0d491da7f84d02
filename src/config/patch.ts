import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { sha256 } from "../sys/files.ts";
import { git, trailers, tryGit } from "../sys/git.ts";
import type { Host } from "../sys/exec.ts";

/** A patch of a series: a `git format-patch` mail whose trailer paragraph holds DEP-3 fields (https://dep-team.pages.debian.net/deps/dep3/). */
export interface Patch {
  /** Its slug: the file's name with `.patch`. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
  readonly subject: string;
  /** Short id of the seed commit that it reimplements, or `none`. */
  readonly seed: string;
}

/** A patch that was read, and what is wrong with it, each as `file:line: what`. */
export interface ReadPatch {
  readonly patch: Patch;
  readonly problems: readonly string[];
  /** Paths that it makes symbolic links of, for the check that no later patch writes through them. */
  readonly links: readonly string[];
  readonly paths: readonly string[];
}

/** The trailers that every patch carries, and the form of their values. */
const fields: Readonly<Record<string, RegExp>> = {
  Origin: /^(upstream|backport|vendor|other)\b/,
  Forwarded: /^(no|not-needed|https?:\/\/\S+)$/,
  Seed: /^(none|[0-9a-f]{10})$/,
  "Last-Update": /^\d{4}-\d{2}-\d{2}$/,
};

/** Reads and checks one patch file; `shown` is how messages call it. Throws only when the file cannot be read. */
export async function readPatch(path: string, shown: string, host: Host): Promise<ReadPatch> {
  const text = await readFile(path, "utf8");
  const lines = text.split("\n");
  const subject = /^Subject: (?:\[PATCH[^\]]*\] )?(.*)$/m.exec(text)?.[1]?.trim() ?? "";
  const found =
    text.trim() === ""
      ? { problems: [`${shown}:1: This patch is empty.`], trailers: new Map<string, string>() }
      : await checkHeader(lines, shown, host);
  const diff = text.trim() === "" ? { problems: [], paths: [], links: [] } : await checkPaths(path, lines, shown, host);
  const patch = { name: basename(path), path, sha256: sha256(text), subject, seed: found.trailers.get("Seed") ?? "none" };
  return { patch, problems: [...found.problems, ...diff.problems], paths: diff.paths, links: diff.links };
}

async function checkHeader(lines: readonly string[], shown: string, host: Host) {
  const problems: string[] = [];
  const carriage = lines.findIndex((line) => line.endsWith("\r"));
  if (carriage >= 0)
    problems.push(`${shown}:${carriage + 1}: A line ends with a carriage return; patches have plain line ends (\`dos2unix\`).`);
  const none = new Map<string, string>();
  const blank = lines.indexOf("");
  const header = lines.slice(0, Math.max(blank, 0));
  const missing = ["From: ", "Date: ", "Subject: "].filter((start) => !header.some((line) => line.startsWith(start)));
  if (missing.length > 0) {
    const what = missing.map((start) => `\`${start.trim()}\``).join(", ");
    problems.push(`${shown}:1: The mail header lacks ${what}; write patches with \`git format-patch -N\`.`);
    return { problems, trailers: none };
  }
  const end = lines.indexOf("---", blank);
  const messageLines = lines.slice(blank + 1, end < 0 ? undefined : end);
  const values = new Map(await trailers(`subject\n\n${messageLines.join("\n")}\n`, { host }));
  for (const [field, form] of Object.entries(fields)) {
    const value = values.get(field);
    const line = lines.findIndex((candidate) => candidate.startsWith(`${field}:`)) + 1;
    if (value === undefined)
      problems.push(`${shown}:${Math.max(end, 0) + 1}: The last paragraph of the message lacks the field \`${field}:\` (DEP-3).`);
    else if (!form.test(value))
      problems.push(`${shown}:${line}: Field \`${field}: ${value}\` is not of the form ${form.source}.`);
  }
  return { problems, trailers: values };
}

async function checkPaths(path: string, lines: readonly string[], shown: string, host: Host) {
  const listed = await tryGit(["apply", "--numstat", "-z", path], { host, cwd: "/" });
  if (listed.exitCode !== 0) {
    const problem = `${shown}:${/at .*line (\d+)|:(\d+)/.exec(listed.stderr)?.slice(1).find(Boolean) ?? 1}: git cannot read a diff here: ${listed.stderr.trim().replace(/^error: /, "")}.`;
    return { problems: [problem], paths: [], links: [] };
  }
  const paths = listed.stdout
    .split("\0")
    .flatMap((row) => row.split("\t").slice(2))
    .filter((name) => name !== "");
  const summary = await git(["apply", "--summary", path], { host, cwd: "/" });
  const links = [...summary.matchAll(/(?:create mode 120000|=> 120000) (.+)$/gm)].map((match) => match[1] ?? "");
  const outside = paths.filter(
    (name) => name.startsWith("/") || name.split("/").some((part) => part === ".." || part.toLowerCase() === ".git"),
  );
  const problems = outside.map(
    (name) => `${shown}:${lines.findIndex((line) => line.includes(name)) + 1}: Path \`${name}\` lies outside the source tree.`,
  );
  return { problems, paths, links };
}
