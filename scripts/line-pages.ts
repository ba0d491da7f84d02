import { execa } from "execa";
import type { ListedChange, ListedKubeOvn } from "../src/patches/kube-ovn.ts";
import { glob } from "../src/sys/glob.ts";
import { table } from "./fields.ts";

/** The page of each line that has a `kube-ovn.yaml`, and its generated part: what the line has for each change. */
export async function linePages(): Promise<Readonly<Record<string, string>>> {
  const files = await glob(["patches/*/kube-ovn.yaml"], { cwd: process.cwd() });
  const lines = files.flatMap((file) => file.split("/")[1] ?? []);
  return Object.fromEntries(
    await Promise.all(lines.map(async (line) => [`docs/line-${line}.md`, await showLists(line)] as const)),
  );
}

async function showLists(line: string): Promise<string> {
  const { stdout } = await execa("node", ["build/cli.js", "patches", "list", "--line", line, "--json"]);
  const { standsFor = "Kube-OVN", kubeOvn } = JSON.parse(stdout) as { standsFor?: string; kubeOvn: ListedKubeOvn };
  const sections = kubeOvn.lists.map(({ title, from, changes }) => {
    const rows = changes.map((change) => [`\`${change.id}\``, change.what, showHere(change, line)]);
    return `## ${title}\n\nWhat ${from} applies, in its order:\n\n${table([standsFor, "what it does", "here"], rows)}`;
  });
  return `Compared with ${kubeOvn.release}.\n\n${sections.join("\n")}`;
}

function showHere({ source, status, patches, pick, since, why, note }: ListedChange, line: string): string {
  const folder = `../patches/${line}/${source}`;
  const links = patches.map((patch) => `[${patch.replace(/\.patch$/, "")}](${folder}/${patch})`);
  const taken = pick === undefined ? [] : [`pick \`${pick}\` in [source.yaml](${folder}/source.yaml)`];
  const merged = status === "merged" ? [`upstream, since ${since}`] : [];
  const dropped = status === "dropped" ? [`not carried: ${why}`] : [];
  return [...links, ...taken, ...merged, ...dropped, note ?? []].flat().join(", ");
}
