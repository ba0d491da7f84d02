import { describe, expect } from "vitest";
import { checkContainers } from "../../../src/machine/containers.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";
import { writeFiles } from "../../helpers/project.ts";

/** What these programs say when they are asked. */
const says = (text: string) => `#!/bin/sh\nprintf '${text}\\n' >&2; exit 1\n`;

describe("a program that runs containers", () => {
  test.for([
    [
      "docker",
      "without its daemon",
      says("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"),
      {
        found: expect.stringMatching(/^cannot be used \(Cannot connect to the Docker daemon/),
        fix: "sudo systemctl start docker",
      },
    ],
    [
      "docker",
      "that this user may not use",
      says("permission denied while trying to connect to the Docker daemon socket"),
      { found: expect.stringContaining("permission denied"), fix: expect.stringMatching(/--groups docker "\$USER"/) },
    ],
    [
      "podman",
      "that has no storage",
      says("a warning\\nError: overlay is not supported"),
      { found: "cannot be used (Error: overlay is not supported)", fix: "podman info" },
    ],
    ["podman", "that says nothing", "#!/bin/sh\nexit 125\n", { found: "cannot be used (exit code 125)" }],
  ] as const)("%s %s is missing, with the reason and what to do", async ([program, , script, expected], { folder }) => {
    await writeFiles(folder, { [program]: script });
    const [check, ...others] = await checkContainers({ ...host, env: { PATH: `${folder}:/usr/bin:/bin` } }, program);
    expect(others).toEqual([]);
    expect(check).toMatchObject({ name: `runner ${program}`, status: "missing", ...expected });
    expect(check).not.toHaveProperty("packages");
  });

  test("is installed by `doctor --fix` only if it was asked for", async ({ folder }) => {
    const lacking = { ...host, env: { PATH: folder } };
    expect(await checkContainers(lacking)).toEqual(
      ["docker", "podman"].map((name) => expect.objectContaining({ name: `runner ${name}`, status: "warning" })),
    );
    expect((await checkContainers(lacking)).flatMap((check) => check.packages ?? [])).toEqual([]);
    expect(await checkContainers(lacking, "docker")).toMatchObject([
      { status: "missing", found: "no docker", fix: "apt-get install docker.io", packages: ["docker.io"] },
    ]);
  });

  test("is slow with a storage driver that copies images, which is a warning", async ({ folder }) => {
    const asked = async (driver: string) => {
      await writeFiles(folder, {
        podman: `#!/bin/sh\n[ "$*" = "info --format={{.Store.GraphDriverName}}" ] && echo ${driver}\n`,
      });
      return checkContainers({ ...host, env: { PATH: `${folder}:/usr/bin:/bin` } }, "podman");
    };
    expect(await asked("vfs")).toMatchObject([
      {
        status: "warning",
        found: "can be used, but its storage driver vfs copies the whole image for each program",
        fix: expect.stringContaining('driver = "overlay"'),
      },
    ]);
    expect(await asked("overlay")).toMatchObject([{ status: "ok", found: "can be used" }]);
  });

  test("is asked with the person's own settings", async ({ folder }) => {
    await writeFiles(folder, { podman: '#!/bin/sh\n[ "$HOME" = /home/me ]\n' });
    const own = { ...host, env: { PATH: folder }, userEnv: { PATH: `${folder}:/usr/bin:/bin`, HOME: "/home/me" } };
    expect(await checkContainers(own, "podman")).toMatchObject([{ status: "ok", found: "can be used" }]);
  });
});
