import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readLock } from "../../config/lock.ts";
import { newSource } from "../../config/new-source.ts";
import { homeOf } from "../../config/project.ts";
import { listSources, readSource, type Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { pinOf } from "../../plan/base.ts";
import { addressFault, urlOf } from "../../sys/credentials.ts";
import { exists } from "../../sys/files.ts";
import { nameSchema, versionSchema } from "../../sys/schemas.ts";
import { fetchBase, type Fetched } from "../mirror.ts";
import { fetchNamed } from "../rebase/onto.ts";
import { versionAt } from "../rebase/version.ts";
import type { ImportContext, ImportRequest } from "./context.ts";
import { sourcesNamed } from "./seed.ts";

/** The source that patches are added to. */
export interface Target {
  readonly source: Source;
  /** True if the project has no such source: its files are in the scratch project only. */
  readonly isNew: boolean;
  readonly fetched: Fetched;
  readonly notes: readonly string[];
}

/** The upstreams of Kube-OVN, for a project that has no source of that name yet. */
const upstreams: Readonly<Record<string, string>> = {
  ovs: "https://github.com/openvswitch/ovs.git",
  ovn: "https://github.com/ovn-org/ovn.git",
};

/** A source as it is before it is opened: none yet, or that of the project; and its upstream. */
export interface Known {
  readonly source: Source | undefined;
  readonly upstream: string;
}

/**
 * Finds the source that patches are added to, or the upstream of one that has to be made. Throws
 * "usage" if that is not known.
 */
export async function findTarget(request: ImportRequest, context: ImportContext): Promise<Known> {
  const { project, line, name, host } = context;
  if ((await exists(join(project.root, "patches", line))) && (await listSources(project, line)).includes(name)) {
    const source = await readSource(project, line, name, host);
    return { source, upstream: source.upstream };
  }
  const wrong = nameSchema.safeParse(name).error?.issues[0]?.message;
  if (wrong !== undefined) throw new BuildError("usage", `Source \`${name}\`: ${wrong}.`);
  if (request.pin === undefined)
    throw new BuildError("usage", `Line ${line} has no source \`${name}\` yet, so its base is unknown.`, {
      hint: "--pin BRANCH, TAG or COMMIT of upstream: the one that the patches are made for",
    });
  const upstream = request.upstream ?? (await sourcesNamed(name, project, host))[0]?.upstream ?? upstreams[name];
  if (upstream === undefined)
    throw new BuildError("usage", `The upstream of source \`${name}\` is unknown.`, { hint: "--upstream ADDRESS" });
  const fault = addressFault(upstream);
  if (fault !== undefined) throw new BuildError("usage", `The address in --upstream ${fault}.`);
  return { source: undefined, upstream };
}

/**
 * Fetches the base of the source that patches are added to. One that the project does not have is
 * made in `root`, a folder of a scratch project, pinned at what `pin` means, with an empty series.
 * Throws "usage" if `pin` means no commit, or another one than the source pins, and "network".
 */
export async function openTarget(
  { source, upstream }: Known,
  { pin: asked }: ImportRequest,
  root: string,
  context: ImportContext,
): Promise<Target> {
  const { project, line, name, from, host } = context;
  const mirror = { work: project.work, host };
  if (source === undefined) return makeTarget(upstream, asked ?? "", root, context);
  const pin = pinOf(source, from);
  const fetched = await fetchBase(pin, mirror);
  if (asked === undefined || asked === source.commit) return { source, isNew: false, fetched, notes: [] };
  const { picks: _, ...place } = pin;
  const { base } = await fetchNamed(asked, name, place, fetched, mirror);
  if (base.commit === source.commit) return { source, isNew: false, fetched, notes: [] };
  throw new BuildError(
    "usage",
    `\`${asked}\` is ${base.commit.slice(0, 12)}, but source \`${name}\` of line ${line} pins ${source.commit.slice(0, 12)}.`,
    { hint: "leave out `--pin` to add to its series, or give another `--line`" },
  );
}

async function makeTarget(upstream: string, pin: string, root: string, context: ImportContext): Promise<Target> {
  const { project, line, name, from, host } = context;
  const place = from.repositories[name] ?? urlOf(upstream, homeOf(project));
  const own = { kind: "git" as const, url: upstream, ...(place === upstream ? {} : { from: place }) };
  const { base, fetched, branch } = await fetchNamed(pin, name, own, undefined, { work: project.work, host });
  const found = await versionAt(base.commit, { host, bare: fetched.repository });
  const version = found ?? versionIn(pin) ?? "0";
  const folder = join(root, "patches", line, name);
  await mkdir(folder, { recursive: true });
  // A version of a package never stands for two contents, also if the source was deleted.
  const revision = ((await readLock(project, line))?.sources[name]?.revision ?? 0) + 1;
  const text = newSource({ upstream, branch: branch ?? pin, commit: base.commit, version, revision });
  await writeFile(join(folder, "source.yaml"), text);
  await writeFile(join(folder, "series"), "");
  const notes =
    found === undefined ? [`configure.ac names no version, so source.yaml has \`${version}\`: correct it there.`] : [];
  return { source: await readSource({ ...project, root }, line, name, host), isNew: true, fetched, notes };
}

/** The version in the name of a branch or tag, such as `v3.1.8`. */
function versionIn(name: string): string | undefined {
  const version = /(?<![\w.])v?(\d+(?:\.\d+)+)/.exec(name)?.[1];
  return versionSchema.safeParse(version).data;
}
