import { mkdir } from "node:fs/promises";
import { BuildError } from "../../errors.ts";
import { copyCommit } from "../../sys/git-pick.ts";
import type { GitOptions } from "../../sys/git.ts";
import { writePatch } from "../write-patch.ts";
import { messageWith, type Fields } from "./fields.ts";
import type { Found } from "./draft.ts";
import { indentAll, type Header } from "./header.ts";

/** What a patch becomes: its file, its header, and the tree that it makes of its parent. */
interface Wanted {
  readonly name: string;
  readonly header: Header;
  readonly fields: Fields;
  readonly tree: string;
  readonly parent: string;
}

/**
 * Where patches are made: a folder for mails, the repository of the trees, and one to read mails
 * back.
 */
interface Writing {
  readonly mails: string;
  readonly tree: GitOptions;
  readonly git: GitOptions;
}

/** A patch as a commit, and as the mail that makes this commit. */
interface Made {
  readonly commit: string;
  readonly mail: Buffer;
  readonly change: "added" | "rewritten";
  readonly notes: readonly string[];
}

/**
 * Makes a mail of a patch that `patches apply` makes the wanted tree of. The diff stays byte for
 * byte if that does; else git writes it from the tree. Throws "usage" if its message cannot be in a
 * mail.
 */
export async function makePatch(found: Found, wanted: Wanted, writing: Writing): Promise<Made> {
  await mkdir(writing.mails, { recursive: true });
  const { name, header, fields } = wanted;
  const author = Buffer.from(`${header.author} ${header.date}`);
  let why = "";
  for (const body of new Set([header.body, indentAll(header.body)])) {
    const message = await messageWith({ ...header, body }, fields, writing.tree);
    const raw = { parents: [], author, encoding: undefined, message };
    const commit = await copyCommit(raw, wanted.tree, wanted.parent, writing.tree);
    const source = { diff: found.diff, commit: found.commit };
    const written = await writePatch(commit, name, undefined, {
      seed: [],
      mails: writing.mails,
      git: writing.git,
      found: source,
    });
    if (written.kind !== "mail") {
      why = written.kind === "refused" ? written.why : "";
      continue;
    }
    const notes = [
      ...(body === header.body ? [] : [`its message is indented: ${why}`]),
      ...(written.why === undefined ? [] : [`the diff is written by git: ${written.why.replace(/\.$/, "")}`]),
    ];
    return { commit, mail: written.mail, change: written.why === undefined ? "added" : "rewritten", notes };
  }
  throw new BuildError("usage", `Patch ${found.at} cannot be written: ${why}.`);
}
