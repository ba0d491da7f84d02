import { appendFile, copyFile, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect } from "vitest";
import { kovnBuild } from "../helpers/cli.ts";
import { makeDist } from "../helpers/dist.ts";
import { test } from "../helpers/folder.ts";
import { makeKey } from "./repository.ts";

test("the commands of docs/download.md check a folder, and find a file that was altered", async ({ folder }) => {
  await using key = await makeKey();
  const dist = await makeDist(join(folder, "dist"));
  const out = join(folder, "out");
  expect(await kovnBuild(folder, ["publish", dist, "--to", "dir=out", "--sign", key.id], key.env)).toMatchObject({ exitCode: 0 });
  await copyFile(key.ring, join(out, "kovn.gpg"));
  const page = await readFile("docs/download.md", "utf8");
  const commands = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block = ""]) => block.trim().split("\n"));
  // Apt's folders, GitHub, a registry and a package with a label are not here.
  const here = commands.filter((command) => /^(?:gpg|sha256sum|dpkg)\b/.test(command));
  expect(here.map((command) => command.split(" ", 2).join(" "))).toEqual([
    "gpg --show-keys",
    "gpg --import",
    "gpg --verify",
    "sha256sum --check",
    "dpkg --field",
  ]);
  const home = await mkdtemp(join(tmpdir(), "gpg-"));
  const env = { GNUPGHOME: home, HOME: folder };
  const options = { cwd: out, env, reject: false, all: true } as const;
  const runIn = async (command: string) => execa("bash", ["-c", command.replace("openvswitch-switch_*", "demo_*")], options);
  const fails = async () => {
    const ends: string[] = [];
    for (const command of here) {
      const { exitCode, all } = await runIn(command);
      if (exitCode !== 0) ends.push(`${command.split(" ", 2).join(" ")}: ${all}`);
    }
    return ends;
  };
  try {
    expect(await fails()).toEqual([]);
    expect((await runIn("gpg --verify SHA256SUMS.asc SHA256SUMS")).all).toContain("Good signature");
    await appendFile(join(out, "demo_1.2.3-1+kovn1.00000001_amd64.deb"), "x");
    expect((await fails())[0]).toMatch(/^sha256sum --check: (?:.*\n)*demo_1\.2\.3-1\+kovn1\.00000001_amd64\.deb: FAILED/);
    await appendFile(join(out, "SHA256SUMS"), "x");
    expect((await fails())[0]).toContain("BAD signature");
  } finally {
    await execa("gpgconf", ["--kill", "all"], { env });
    await rm(home, { recursive: true, force: true, maxRetries: 10 });
  }
});
