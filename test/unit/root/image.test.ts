import { join } from "node:path";
import { describe, expect } from "vitest";
import { knownRoots } from "../../../src/root/known.ts";
import { openImage } from "../../../src/root/image.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const known = knownRoots.find(({ name }) => name === "debian:13") ?? expect.fail();

/** Opens the image of Debian 13 with a program in place of podman, which says these things. */
async function open(folder: string, says: { readonly pull?: string; readonly inspect?: string; readonly run?: string }) {
  const { pull = "touch pulled", inspect = "echo id amd64", run = "printf 'debian 13\\n1000:100\\n'" } = says;
  const podman = `#!/bin/sh
cd ${folder}
echo "$1 $2" >> started
case "$1" in
image) [ -e pulled ] || exit 125; ${inspect};;
pull) ${pull};;
run) ${run};;
esac
`;
  await writeFiles(folder, { "bin/podman": podman });
  const own = { ...host, env: { PATH: `${join(folder, "bin")}:${host.env["PATH"]}` } };
  return openImage("podman", { known, arch: "amd64" }, { roots: folder, host: own });
}

describe.concurrent("the image of a distribution", () => {
  test("is pulled, and its programs run as the owner of the folder", async ({ folder }) => {
    expect(await open(folder, {})).toEqual({ program: "podman", image: "id", user: "1000:100" });
  });

  test.for([
    [
      "cannot be pulled",
      { pull: "echo 'no such host' >&2; exit 1" },
      "network",
      /cannot pull image .*debian:13:\n {2}no such host/,
    ],
    ["is of another architecture", { inspect: "echo id arm64" }, "machine", /is for arm64; expected amd64/],
    ["is of another distribution", { run: "printf 'debian 12\\n0:0\\n'" }, "machine", /is for debian 12; expected debian 13/],
    ["runs no container", { run: "echo refused >&2; exit 126" }, "machine", /runs no container of .*:\n {2}refused/],
    ["maps all users to nobody", { run: "printf 'debian 13\\n65534:65534\\n'" }, "machine", /belong to nobody/],
  ] as const)("that %s is an error that says so", async ([, says, code, message], { folder }) => {
    const opened = open(folder, says);
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toMatchObject({ code, hint: expect.stringMatching(/./) });
  });
});
