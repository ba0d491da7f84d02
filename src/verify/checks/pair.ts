import { basename, join } from "node:path";
import { readBytes, readText } from "../../sys/read-file.ts";
import type { Check } from "../check.ts";
import type { Subject } from "../subject.ts";

/** A database schema, and the sources whose programs are compiled for it. */
const schemas: readonly (readonly [file: string, sources: readonly string[]])[] = [
  ["vswitch.ovsschema", ["ovs", "ovn"]],
  ["ovn-nb.ovsschema", ["ovn"]],
  ["ovn-sb.ovsschema", ["ovn"]],
  ["ovn-ic-nb.ovsschema", ["ovn"]],
  ["ovn-ic-sb.ovsschema", ["ovn"]],
];

/** The programs of a source, as bytes. */
type Code = ReadonlyMap<string, readonly Buffer[]>;

/**
 * Open vSwitch and OVN fit together: OVN contains code of Open vSwitch, and both talk to databases
 * whose schemas are files of the packages. Versions are read from the programs' bytes.
 */
export const pair: Check = {
  name: "pair",
  proves: "OVN contains the Open vSwitch that it ships with, and programs are compiled for the schemas in the packages.",
  run: async (subject) => {
    const { manifest, programs, title } = subject;
    const [ovs, ovn] = ["ovs", "ovn"].map((source) => manifest.jobs.find((job) => job.source === source));
    if (ovs === undefined || ovn === undefined) return { skipped: `${title} has only one of Open vSwitch and OVN` };
    if (subject.file !== undefined) return { skipped: `${title} is one file` };
    const code = new Map<string, Buffer[]>([
      ["ovs", []],
      ["ovn", []],
    ]);
    for (const { source, path } of programs) code.get(source)?.push(await readBytes(path, "a program"));
    const library = libraryVersions(code.get("ovn") ?? []);
    const found = await compareSchemas(subject, code);
    return {
      evidence: [
        ...(library.length > 0 ? [`OVN ${ovn.version} contains Open vSwitch ${library.join(", ")}.`] : []),
        ...found.evidence,
      ],
      problems: [
        ...(library.join() === ovs.version
          ? []
          : [`OVN's programs contain Open vSwitch ${library.join(", ") || "of no version"}; the packages have ${ovs.version}.`]),
        ...found.problems,
      ],
    };
  },
};

/** The versions of Open vSwitch's library in programs of OVN, as `--version` prints them. */
function libraryVersions(programs: readonly Buffer[]): readonly string[] {
  const head = "Open vSwitch Library ";
  const found = programs.flatMap((bytes) => {
    const start = bytes.indexOf(head);
    return start === -1
      ? []
      : [bytes.toString("latin1", start + head.length, start + head.length + 40).split(/[\n\0]/, 1)[0] ?? ""];
  });
  return [...new Set(found)].toSorted();
}

async function compareSchemas(
  { archives }: Subject,
  code: Code,
): Promise<{ readonly evidence: string[]; readonly problems: string[] }> {
  const evidence: string[] = [];
  const problems: string[] = [];
  const paths = archives.flatMap(({ dir, files }) => files.map((file) => join(dir, file)));
  const found = await Promise.all(
    schemas.map(async ([schema, sources]) => {
      const copies = paths.filter((path) => basename(path) === schema);
      return { schema, sources, versions: new Set(await Promise.all(copies.map(versionOf))) };
    }),
  );
  const all = found.flatMap(({ versions }) => [...versions]);
  for (const { schema, sources, versions } of found) {
    if (versions.size === 0) problems.push(`No package has ${schema}.`);
    for (const version of versions)
      for (const source of sources)
        if (code.get(source)?.some((bytes) => hasText(bytes, version, all)))
          evidence.push(`Programs of ${source} are compiled for ${schema} ${version}.`);
        else problems.push(`No program of ${source} is compiled for ${schema} ${version}, which the packages have.`);
  }
  return { evidence, problems };
}

/** True for a program with that text. A linker may put `1.8.0` at the end of `21.8.0`. */
function hasText(bytes: Buffer, text: string, others: readonly string[]): boolean {
  const isEnd = others.some((other) => other !== text && other.endsWith(text));
  return bytes.includes(`${isEnd ? "" : "\0"}${text}\0`);
}

async function versionOf(path: string): Promise<string> {
  return /"version": *"([0-9.]+)"/.exec(await readText(path, "a source file"))?.[1] ?? "without a version";
}
