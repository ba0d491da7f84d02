import { join } from "node:path";
import type { Host } from "../../sys/exec.ts";
import { am, startTrial, type Trial } from "../../sys/git-am.ts";
import { git, initSharing, patchId, type GitOptions } from "../../sys/git.ts";
import { readBytes } from "../../sys/read-file.ts";
import { checkoutBase } from "../apply.ts";
import { describeConflict } from "../conflict.ts";
import { freeName } from "../name-patches.ts";
import { openScratch } from "../read-back.ts";
import type { ImportedPatch } from "./context.ts";
import { whoHas, writeDiffs, type DiffFile } from "./failure.ts";
import { fieldsOf } from "./fields.ts";
import type { Found } from "./draft.ts";
import { headerOf, nameOf } from "./header.ts";
import { makePatch } from "./make-patch.ts";
import type { MatchSeed } from "./seed.ts";
import type { Target } from "./target.ts";

/** What patches became on top of a source's series. */
export interface Stacked {
  readonly patches: readonly ImportedPatch[];
  /** The new patches by the names of their files, in order. */
  readonly mails: ReadonlyMap<string, Buffer>;
  /** The tree with the series and all of them. */
  readonly tree: string;
}

/**
 * Applies patches on top of a source's series, as git-apply(1) does, and makes each of them a mail
 * that makes the same tree. Leaves out those that the series has. `scratch` is a folder for
 * temporary files. Throws "patch" when one does not apply.
 */
export async function stackFound(
  found: readonly Found[],
  { source, fetched }: Target,
  match: MatchSeed,
  scratch: string,
  host: Host,
): Promise<Stacked> {
  const options = { host, cwd: join(scratch, "tree") };
  await initSharing(options.cwd, join(fetched.repository, "objects"), host);
  await checkoutBase(source, fetched, options);
  const failure = await am(
    source.patches.map(({ path }) => path),
    options,
  );
  if (failure !== undefined) throw await describeConflict(source, { packaging: [], gone: [] }, fetched, failure, options);
  const known = await readKnown(source.patches, host);
  const date = await git(["log", "-1", "--format=%cd", "--date=raw", fetched.commit], options);
  const diffs = await writeDiffs(found, join(scratch, "diffs"));
  const writing = {
    mails: join(scratch, "mails"),
    tree: options,
    git: await openScratch(options.cwd, join(scratch, "again"), host),
  };
  const below = [...source.patches];
  const taken = new Set(source.patches.map(({ name }) => name));
  const patches: ImportedPatch[] = [];
  const mails = new Map<string, Buffer>();
  let head = await git(["rev-parse", "HEAD"], options);
  let tree = await treeOf(head, options);
  for (const [index, one] of found.entries()) {
    host.task.say(`patch ${index + 1} of ${found.length}`);
    const forms = diffs[index] ?? [];
    const ids = await Promise.all(forms.map(async ({ bytes }) => patchId(bytes, { host })));
    const header = headerOf(one, date);
    const { subject, notes } = header;
    const row = { at: one.at, subject, notes: [] };
    const trial = await startTrial(head, options);
    const own = known.find(({ id, commit }) => ids.includes(id) || (commit !== undefined && commit === one.commit))?.name;
    const diff = own === undefined ? await firstThatApplies(forms, trial) : undefined;
    if (diff === undefined) {
      const place = { diffs: diffs.map(([first]) => first), below, head };
      const name = own ?? (await whoHas(index, place, { source, fetched }, options));
      patches.push({ ...row, change: "there", name });
      continue;
    }
    const next = await trial.tree();
    if (next === tree) {
      patches.push({ ...row, change: "empty" });
      continue;
    }
    const name = freeName(nameOf(one) ?? subject, taken);
    const fields = await fieldsOf(one, header, match(one, subject, ids), options);
    const made = await makePatch({ ...one, diff: diff.bytes }, { name, header, fields, tree: next, parent: head }, writing);
    taken.add(name);
    mails.set(name, made.mail);
    below.push(diff);
    const { Origin: origin, Seed: seed } = fields;
    patches.push({ ...row, change: made.change, name, origin, seed, notes: [...notes, ...made.notes] });
    head = made.commit;
    tree = next;
  }
  return { patches, mails, tree };
}

/** The first form of a diff that applies, which is then applied to the trial. */
async function firstThatApplies(forms: readonly DiffFile[], trial: Trial): Promise<DiffFile | undefined> {
  for (const form of forms) if (await trial.apply(form.path)) return form;
  return undefined;
}

/** A patch of the series: its patch id, and the commit that it was made of. */
interface Known {
  readonly name: string;
  readonly id: string;
  readonly commit: string | undefined;
}

async function readKnown(patches: Target["source"]["patches"], host: Host): Promise<readonly Known[]> {
  return Promise.all(
    patches.map(async ({ name, path }) => {
      const mail = await readBytes(path, "a patch");
      const commit = /^From (?!0{40})([0-9a-f]{40}) /.exec(mail.toString("latin1", 0, 60))?.[1];
      // Of a patch that changes modes only, git makes no id.
      return { name, id: (await patchId(mail, { host })) || name, commit };
    }),
  );
}

async function treeOf(commit: string, options: GitOptions): Promise<string> {
  return git(["rev-parse", `${commit}^{tree}`], options);
}
