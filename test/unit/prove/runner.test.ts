import { join } from "node:path";
import { expect } from "vitest";
import { startWine } from "../../../src/prove/runner.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { quietTask } from "../../../src/sys/task.ts";

const hint = "kovn-build doctor --target windows --fix (as root)";

test.for([
  ["its first start", { wine: "exec sleep 1000" }],
  ["its services' end", { wine: "exit 0", wineserver: "exec sleep 1000" }],
] as const)("a Wine that does not come to %s is given up", async ([, scripts], { folder }) => {
  await using bin = await makeBin({ sleep: "", ...scripts });
  const host = { env: { PATH: bin.path }, signal: new AbortController().signal, task: quietTask };
  const message = "Wine does not start: it was not ready within 0.5 s";
  await expect(startWine(join(folder, "wine"), host, 500)).rejects.toMatchObject({ code: "machine", message, hint });
});

test("without Wine, the error has the command that installs it", async ({ folder }) => {
  await using bin = await makeBin({});
  const host = { env: { PATH: bin.path }, signal: new AbortController().signal, task: quietTask };
  await expect(startWine(join(folder, "wine"), host)).rejects.toMatchObject({ code: "machine", hint });
});
