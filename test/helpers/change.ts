import { readLock } from "../../src/config/lock.ts";
import { readSource } from "../../src/config/source.ts";
import { join } from "node:path";
import type { ChangeContext } from "../../src/patches/change/ready.ts";
import { lockBases } from "../../src/patches/lock-bases.ts";
import { writeLock } from "../../src/patches/lock.ts";
import { declaredBases } from "../../src/plan/base.ts";
import { host } from "./host.ts";

/** What a change of the fixture source of a project works with. */
export function changeContext(root: string): ChangeContext {
  const project = { root, work: join(root, ".kovn") };
  return { project, line: "1.0", name: "demo", from: { rule: "auto", repositories: {} }, host };
}

/** Locks the fixture source of a project as it is, and returns its lock. */
export async function lockDemo(root: string) {
  const { project, line, name, from } = changeContext(root);
  const source = await readSource(project, line, name, host);
  const locked = await lockBases(source, declaredBases(source, from), undefined, { work: project.work, host });
  await writeLock(join(root, "patches/1.0/lock.json"), { schema: 1, sources: { demo: locked } });
  return locked;
}

/** What the lock of the fixture source is, and what it would be if it were locked now. */
export async function locksOf(root: string) {
  const { project, line } = changeContext(root);
  const is = (await readLock(project, line))?.sources["demo"];
  return { is, expected: await lockDemo(root) };
}
