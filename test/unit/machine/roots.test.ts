import { describe, expect } from "vitest";
import { checkRoots } from "../../../src/machine/roots.ts";
import { knownRoots } from "../../../src/root/known.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

const [known] = knownRoots;
const works = "#!/bin/sh\n";
const programs = { mmdebstrap: works, bwrap: works, newuidmap: works, unshare: works };

describe("a machine", () => {
  test("that has no programs for roots says which, and how to install them", async ({ folder }) => {
    const lacking = { ...host, env: { PATH: folder } };
    const all = await checkRoots(lacking);
    expect(all.map(({ name, status }) => [name, status])).toEqual(knownRoots.map(({ name }) => [`root ${name}`, "warning"]));
    expect(all[0]).toMatchObject({
      found: expect.stringMatching(/^no mmdebstrap, no bwrap/),
      fix: expect.stringContaining("mmdebstrap bubblewrap"),
    });
    // Nobody asked for it, so `doctor --fix` does not install it.
    expect(all[0]).not.toHaveProperty("packages");
    const [wanted] = await checkRoots(lacking, known);
    expect(wanted).toMatchObject({ status: "missing", packages: expect.arrayContaining(["mmdebstrap", "bubblewrap"]) });
  });

  test("that has no keys of an archive says so for the roots of that archive", async ({ folder }) => {
    await writeFiles(folder, programs);
    const lacking = { ...(known ?? expect.fail()), keyring: "/no/keys.gpg", keyringPackage: "keys" };
    const check = async (offers: string) => {
      await writeFiles(folder, {
        "apt-cache": `#!/bin/sh\nfor name; do case $name in ${offers}) echo " $name | 1.0 | http://x y"; esac; done\n`,
      });
      return (await checkRoots({ ...host, env: { PATH: `${folder}:/usr/bin:/bin` } }, lacking))[0];
    };
    const installs = { packages: ["keys"], fix: "apt-get install --no-install-recommends keys" };
    expect(await check("dpkg|keys")).toMatchObject({ found: "no archive keys in /no/keys.gpg", ...installs });
    expect(await check("none-since-apt-has-no-lists")).toMatchObject(installs);
    const copied = await check("dpkg");
    expect(copied).toMatchObject({ fix: "copy /no/keys.gpg from a machine that has its package keys" });
    expect(copied).not.toHaveProperty("packages");
  });

  test("without namespaces says why, with the kernel's words", async ({ folder }) => {
    await writeFiles(folder, {
      ...programs,
      unshare: "#!/bin/sh\necho 'unshare: unshare failed: Operation not permitted' >&2; exit 1\n",
    });
    const [check] = await checkRoots({ ...host, env: { PATH: `${folder}:/usr/bin:/bin` } }, known);
    expect(check).toMatchObject({ status: "missing", found: "no namespaces (unshare: unshare failed: Operation not permitted)" });
    expect(check).not.toHaveProperty("packages");
    await writeFiles(folder, {
      ...programs,
      bwrap: '#!/bin/sh\n[ "$1" = --version ] || { echo "bwrap: No permissions" >&2; exit 1; }\n',
    });
    const [other] = await checkRoots({ ...host, env: { PATH: `${folder}:/usr/bin:/bin` } }, known);
    expect(other).toMatchObject({ status: "missing", found: "bubblewrap cannot be used (bwrap: No permissions)" });
  });
});
