import { isValidField } from "../../config/patch.ts";
import { gitBytes, tryGit, type GitOptions } from "../../sys/git.ts";
import { trailers } from "../../sys/git-patch.ts";
import type { Found } from "./draft.ts";
import type { Header } from "./header.ts";

/** The four DEP-3 fields of a patch. */
export interface Fields {
  readonly Origin: string;
  readonly Forwarded: string;
  readonly Seed: string;
  readonly "Last-Update": string;
}

/**
 * The DEP-3 fields of a patch: those that it has, if they have the form that they must have; the
 * others from what is known about it. `seed` is its entry of the seed. Asks the repository of
 * `options` whether upstream has the commits that the patch names.
 */
export async function fieldsOf(found: Found, header: Header, seed: string, options: GitOptions): Promise<Fields> {
  const said = [...(await trailers(messageOf(header), options)), ...Object.entries(found.fields)];
  const own = new Map(said.map(([name, value]) => [name, value.replaceAll(/\s+/g, " ").trim()]));
  const valid = (name: keyof Fields) => {
    const value = own.get(name);
    return value !== undefined && isValidField(name, value) ? value : undefined;
  };
  const upstream = await upstreamCommit(found, options);
  const origin = valid("Origin") ?? (upstream === undefined ? undefined : `upstream, ${upstream}`);
  return {
    Origin: origin ?? otherOrigin(found, own.get("Origin")),
    Forwarded: valid("Forwarded") ?? (origin?.startsWith("upstream") === true ? "not-needed" : "no"),
    Seed: valid("Seed") ?? seed,
    "Last-Update": valid("Last-Update") ?? dayOf(header.date),
  };
}

/** The message of a commit with the fields as its last paragraph. */
export async function messageWith(header: Header, fields: Fields, options: GitOptions): Promise<Buffer> {
  const clean = await gitBytes(["stripspace"], { ...options, input: messageOf(header) });
  const added = Object.entries(fields).flatMap(([name, value]) => ["--trailer", `${name}: ${String(value)}`]);
  return gitBytes(["interpret-trailers", "--no-divider", "--if-exists", "replace", ...added], { ...options, input: clean });
}

function messageOf({ subject, body }: Header): string {
  return `${subject}\n${body === "" ? "" : `\n${body}\n`}`;
}

/** Ids of the commits that a patch was made of, as it says. */
export function commitsOf({ commit, name, body = "", fields }: Found): readonly string[] {
  const picked = [...body.matchAll(/^\(cherry picked from commit ([0-9a-f]{7,40})\)$/gm)].map(([, id]) => id);
  const named = [...(fields["Origin"] ?? "").matchAll(/\b[0-9a-f]{10,40}\b/g)].map(([id]) => id);
  const file = /^[0-9a-f]{10,40}$/.exec(name ?? "")?.[0];
  return [commit, ...picked, ...named, file].flatMap((id) => id ?? []);
}

/** The first of the commits of a patch that upstream's history has. */
async function upstreamCommit(found: Found, options: GitOptions): Promise<string | undefined> {
  for (const id of commitsOf(found).filter((one) => one.length === 40)) {
    const known = await tryGit(["cat-file", "-t", id], options);
    if (known.exitCode === 0 && known.stdout.trim() === "commit") return id;
  }
  return undefined;
}

/**
 * Where a patch comes from that is not upstream's, by what it says itself or where it was found.
 */
function otherOrigin({ commit, name, origin }: Found, said: string | undefined): string {
  if (said !== undefined && said !== "") return `other, ${said}`;
  const place = origin?.replaceAll(/\s+/g, " ").trim();
  if (commit !== undefined) return place === undefined ? `other, commit ${commit}` : `other, ${place}@${commit}`;
  const file = name === undefined ? undefined : `${name}.patch`;
  return `other, ${place ?? file ?? "a diff"}`;
}

/** The day of a date as git writes it, in its zone. */
function dayOf(date: string): string {
  const [, seconds = "0", sign = "+", hours = "0", minutes = "0"] = /^(\d+) ([+-])(\d\d)(\d\d)$/.exec(date) ?? [];
  const zone = (Number(hours) * 60 + Number(minutes)) * 60 * (sign === "-" ? -1 : 1);
  return new Date((Number(seconds) + zone) * 1000).toISOString().slice(0, 10);
}
