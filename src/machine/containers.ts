import { clientEnv, containerPrograms, lastLine, type Container } from "../root/containers.ts";
import { tryExec, type ExecResult, type Host } from "../sys/exec.ts";
import type { MachineCheck } from "./check.ts";

/** What asks a program whether it works, docker(1) also its daemon; and the package that it is in. */
const programs: Readonly<Record<Container["program"], { readonly args: readonly string[]; readonly package: string }>> = {
  docker: { args: ["version", "--format={{.Server.Version}}"], package: "docker.io" },
  podman: { args: ["info", "--format={{.Store.GraphDriverName}}"], package: "podman" },
};

/** What podman takes without root where it finds no fuse-overlayfs, although the kernel may need none. */
const slowDriver = "vfs";

const overlay =
  "podman system reset, which removes all images, after writing these two lines into ~/.config/containers/storage.conf: " +
  '[storage] and driver = "overlay"';

/**
 * Checks whether each program that runs containers can be used, or only the given one, without which no
 * build runs.
 */
export async function checkContainers(host: Host, wanted?: Container["program"]): Promise<readonly MachineCheck[]> {
  if (wanted !== undefined) return [await check(wanted, host, "missing")];
  return Promise.all(containerPrograms.map(async (program) => check(program, host, "warning")));
}

async function check(program: Container["program"], host: Host, status: "missing" | "warning"): Promise<MachineCheck> {
  const about = { name: `runner ${program}`, wanted: "what makes a root of an image and runs jobs in containers of it" };
  const { args, package: name } = programs[program];
  const said = await tryExec(program, args, { host, env: clientEnv(host) });
  if (said?.exitCode === 0 && said.stdout.trim() === slowDriver) {
    const found = `can be used, but its storage driver ${slowDriver} copies the whole image for each program`;
    return { ...about, status: "warning", found, fix: overlay };
  }
  if (said?.exitCode === 0) return { ...about, status: "ok", found: "can be used" };
  if (said !== undefined) return { ...about, status, found: `cannot be used (${lastLine(said)})`, fix: fixOf(program, said) };
  // For a runner that nobody asked for, `doctor --fix` installs nothing.
  const packages = status === "missing" ? { packages: [name] } : {};
  return { ...about, status, found: `no ${program}`, fix: `apt-get install ${name}`, ...packages };
}

function fixOf(program: Container["program"], { stderr }: ExecResult): string {
  if (program === "podman") return "podman info";
  return stderr.includes("permission denied")
    ? 'sudo usermod --append --groups docker "$USER", and log in again; who is in this group can become root'
    : "sudo systemctl start docker";
}
