import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect } from "vitest";
import { openRoot } from "../../../src/root/enter.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

async function makeTree(folder: string): Promise<string> {
  const tree = join(folder, "tree");
  for (const path of ["usr/bin", "proc", "tmp", "var/lib/dpkg", "var/lib/apt", "var/cache"])
    await mkdir(join(tree, path), { recursive: true });
  await symlink("usr/bin", join(tree, "bin"));
  await writeFile(join(tree, "var/lib/file"), "");
  return tree;
}

/** The arguments of bwrap that mount something of the tree or of the machine, sorted. */
function mounts(command: readonly string[]): readonly string[] {
  const words = command.slice(0, command.indexOf("--"));
  return words
    .flatMap((word, index) => (/^--(ro-bind|bind|symlink)$/.test(word) ? [words.slice(index, index + 3).join(" ")] : []))
    .toSorted();
}

describe("the command that enters a root", () => {
  test("mounts the root read-only, and the folders of the run as they are", async ({ folder }) => {
    const tree = await makeTree(folder);
    const enter = await openRoot({ tree, container: undefined }, [join(folder, "run")], host);
    const { command } = enter({ command: ["make", "all"], cwd: join(folder, "run/src"), env: {} });
    expect(mounts(command)).toEqual([
      `--bind ${folder}/run ${folder}/run`,
      `--ro-bind ${tree}/usr /usr`,
      `--ro-bind ${tree}/var /var`,
      "--symlink usr/bin /bin",
    ]);
    expect(command).toEqual(expect.arrayContaining(["--unshare-all", "--die-with-parent", "--remount-ro", "--unshare-user"]));
    expect(command.join(" ")).toContain(" --setenv FAKEROOTDONTTRYCHOWN 1 ");
    expect(command.slice(-5)).toEqual(["--chdir", `${folder}/run/src`, "--", "make", "all"]);
  });

  test("has a link for a folder that is a link on the machine, such as ccache's to another disk", async ({ folder }) => {
    const tree = await makeTree(folder);
    await mkdir(join(folder, "disk/cache"), { recursive: true });
    await symlink(join(folder, "disk"), join(folder, "kovn"));
    const enter = await openRoot({ tree, container: undefined }, [join(folder, "kovn/cache")], host);
    const { command } = enter({ command: ["make"], cwd: folder, env: {} });
    expect(mounts(command)).toContain(`--bind ${folder}/disk/cache ${folder}/disk/cache`);
    expect(mounts(command)).toContain(`--symlink ${folder}/disk/cache ${folder}/kovn/cache`);
  });

  test("mounts what is beside a folder of the run, where that is below a folder of the root", async ({ folder }) => {
    const tree = await makeTree(folder);
    const enter = await openRoot({ tree, container: undefined }, ["/var/lib/no-such-user-of-jenkins/run", "/var/cache"], host);
    expect(mounts(enter({ command: ["true"], cwd: "/", env: {} }).command)).toEqual([
      "--bind /var/cache /var/cache",
      "--bind /var/lib/no-such-user-of-jenkins/run /var/lib/no-such-user-of-jenkins/run",
      `--ro-bind ${tree}/usr /usr`,
      `--ro-bind ${tree}/var/lib/apt /var/lib/apt`,
      `--ro-bind ${tree}/var/lib/dpkg /var/lib/dpkg`,
      `--ro-bind ${tree}/var/lib/file /var/lib/file`,
      "--symlink usr/bin /bin",
    ]);
  });
});
