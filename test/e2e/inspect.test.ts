import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { aLabel, makeLabelledPackage } from "../helpers/label.ts";

test("`inspect` prints what a package says, as text and data; exit code 1 for others', 2 for wrong input", async ({ folder }) => {
  await mkdir(join(folder, "theirs"));
  const ours = await makeLabelledPackage(folder, aLabel({ by: "Pat \u001b[31mCher <pat@example.com>" }));
  const theirs = await makeLabelledPackage(join(folder, "theirs"), undefined);
  const text = await kovnBuild(folder, ["inspect", ours]);
  expect(text).toMatchObject({ exitCode: 0, stdout: expect.stringContaining(`${ours}: built by kovn-build\n`) });
  expect(text.stdout).not.toContain("\u001b");
  const both = await kovnBuild(folder, ["inspect", ours, theirs, "--json"]);
  expect(both).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`Not built by kovn-build: ${theirs}.`) });
  expect(JSON.parse(both.stdout)).toMatchObject({
    schema: 1,
    inspected: [
      {
        path: ours,
        kind: "deb",
        ours: true,
        labels: [{ label: { line: "1.0", series: [{ subject: "Greet the world." }, {}] } }],
      },
      { path: theirs, kind: "deb", ours: false, labels: [] },
    ],
  });
  await writeFile(join(folder, "text.deb"), "hello\n");
  expect(await kovnBuild(folder, ["inspect", "text.deb"])).toMatchObject({
    exitCode: 2,
    stdout: "",
    stderr: expect.stringContaining("text.deb is not a Debian package, an installer (.msi), a zip or a program."),
  });
  expect(await kovnBuild(folder, ["inspect"])).toMatchObject({ exitCode: 2 });
});
