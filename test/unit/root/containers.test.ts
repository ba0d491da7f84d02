import { describe, expect, test } from "vitest";
import { changeContainer, enterContainer, type Container } from "../../../src/root/containers.ts";
import { host } from "../../helpers/host.ts";

const container: Container = { program: "podman", image: "localhost/kovn-build/debian:13-0123", user: "1000:100" };

/** The options of `run`, and what runs in the container. */
function parts(command: readonly string[]) {
  const image = command.indexOf(container.image);
  return { options: command.slice(0, image), inside: command.slice(image + 1) };
}

describe("the command that runs a program in a container", () => {
  const person = { ...host, env: { PATH: "/bin", http_proxy: "http://proxy" }, userEnv: { HOME: "/home/me" } };
  const started = { command: ["make", "all"], cwd: "/run/1/src", env: { HOME: "/run/1/home" } };

  test("has no network, no rights, and of the machine the folders of the run only", () => {
    const { command, env, holdsStdin } = enterContainer(container, { folders: ["/run/1"], network: "none" }, person)(started);
    const { options, inside } = parts(command);
    expect(options.slice(0, 2)).toEqual(["podman", "run"]);
    for (const option of ["--rm", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL", "--user=1000:100"])
      expect(options).toContain(option);
    expect(options.filter((option) => option.startsWith("--volume"))).toEqual(["--volume=/run/1:/run/1"]);
    expect(options).toContain("--workdir=/run/1/src");
    expect(inside.slice(3)).toEqual(["sh", "HOME=/run/1/home", "make", "all"]);
    expect([env, holdsStdin]).toEqual([{ HOME: "/home/me" }, true]);
  });

  test("knows the proxies of the machine where it has its network", () => {
    const { command } = enterContainer(container, { folders: [], network: "host" }, person)(started);
    expect(parts(command).inside).toEqual(expect.arrayContaining(["http_proxy=http://proxy", "make"]));
  });

  test("has the person's terminal for a shell", () => {
    const { command } = enterContainer(container, { folders: [], network: "none" }, person)({ ...started, isOnTerminal: true });
    expect(parts(command).options).toContain("--tty");
    expect(parts(command).inside[2]).not.toContain("cat");
  });

  test("changes the root as its root, without network", () => {
    const { options, inside } = parts(changeContainer(container, ["/a:/b"], ["true", "sh", "x"]));
    expect(options).toEqual(expect.arrayContaining(["--network=none", "--user=0:0", "--volume=/a:/b"]));
    expect(options).not.toContain("--read-only");
    expect(inside.slice(-5)).toEqual(["/bin/sh", "-c", "true", "sh", "x"]);
  });
});
