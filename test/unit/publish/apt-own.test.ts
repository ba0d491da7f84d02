import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "vitest";
import { assertOwn } from "../../../src/publish/apt-own.ts";
import { stagingOf } from "../../../src/sys/staging.ts";
import { test } from "../../helpers/folder.ts";

test("a new repository is one while another process tries whether it can be written", async ({ folder }) => {
  await mkdir(stagingOf(join(folder, "kovn"), "try"));
  await writeFile(stagingOf(join(folder, ".kovn-apt.json")), "");
  await expect(assertOwn(folder)).resolves.toBeUndefined();
});

test("a folder of other files is not a repository", async ({ folder }) => {
  await writeFile(join(folder, "letter.txt"), "");
  await expect(assertOwn(folder)).rejects.toThrow("is not an apt repository made by kovn-build");
});

test("a repository whose suites are lines is refused, and the message says how its readers go on", async ({ folder }) => {
  await writeFile(join(folder, ".kovn-apt.json"), `{"schema":1,"suites":["1.12"]}\n`);
  await expect(assertOwn(folder)).rejects.toMatchObject({
    code: "destination",
    message: `${folder} was made by an earlier kovn-build: its suites are lines, not distributions.`,
    hint: expect.stringContaining("its readers write `bookworm 1.12`"),
  });
});
