import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A folder that all test files of a run share; removed after the last one. */
    readonly kept: string;
  }
}

/** Makes the folder `kept`, and removes it after all tests. */
export default function keep(project: TestProject): () => void {
  const kept = mkdtempSync(join(tmpdir(), "kovn-kept-"));
  project.provide("kept", kept);
  return () => rmSync(kept, { recursive: true, force: true });
}
