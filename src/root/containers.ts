import { makeRecord } from "../record.ts";
import { proxies } from "../sys/apt.ts";
import type { Enter } from "../sys/enter.ts";
import type { ExecResult, Host } from "../sys/exec.ts";

/** Programs that run containers. */
export const containerPrograms = ["docker", "podman"] as const;

/** What `--runner` takes; the first one is the default. */
export const runnerNames = ["bubblewrap", ...containerPrograms] as const;

export type RunnerName = (typeof runnerNames)[number];

/** An image, and the program that runs containers of it. */
export interface Container {
  readonly program: (typeof containerPrograms)[number];
  /** Its name or id. */
  readonly image: string;
  /** Ids of who a program runs as to own what it makes, as `--user` takes them. */
  readonly user: string;
}

interface ContainerOptions {
  /** Folders of the machine that it has as well: at the same path, or `from:to`. */
  readonly folders: readonly string[];
  readonly network: "none" | "host";
}

const path = "/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Ends when stdin does, so nothing of a container outlives the program that started it, whichever way
 * that ends. The environment is the given one; the shell waits for processes that lost their parent.
 */
const whileStdin = `exec 3<&0 </dev/null
{ cat >/dev/null; kill -KILL -1; } <&3 &
exec 3<&-
env --ignore-environment "$@"
exit $?`;

const onTerminal = 'env --ignore-environment "$@"; exit $?';

/**
 * Prepares to run programs in containers of a root: none can write it, and none has rights. With the
 * network of the machine, they know its proxies.
 */
export function enterContainer({ program, image, user }: Container, options: ContainerOptions, host: Host): Enter {
  const { network, folders } = options;
  const reach: Host["env"] = network === "none" ? {} : { PATH: path, ...pick(host.env, proxies) };
  const apart = ["--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges", `--user=${user}`];
  const fresh = ["/tmp", "/run"].map((folder) => `--tmpfs=${folder}:exec,mode=1777`);
  return ({ command, cwd, env, isOnTerminal = false }) => ({
    command: [
      ...[program, "run", ...always, `--network=${network}`, ...apart, ...fresh, ...volumes(folders), `--workdir=${cwd}`],
      ...(isOnTerminal ? ["--tty"] : ["--log-driver=none"]),
      ...[image, "/bin/sh", "-c", isOnTerminal ? onTerminal : whileStdin, "sh"],
      ...Object.entries({ ...reach, ...env }).map(([name, value]) => `${name}=${value}`),
      ...command,
    ],
    env: clientEnv(host),
    holdsStdin: true,
  });
}

const always = ["--rm", "--pull=never", "--interactive", "--hostname=kovn-build", "--security-opt=label=disable"];

/** The command that changes a container of an image as its root, without network. It ends as the others do. */
export function changeContainer(
  { program, image }: Container,
  folders: readonly string[],
  script: readonly string[],
): readonly string[] {
  const run = [program, "run", ...always, "--network=none", "--user=0:0", "--log-driver=none", ...volumes(folders)];
  const env = [`PATH=${path}`, "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive"];
  return [...run, image, "/bin/sh", "-c", whileStdin, "sh", ...env, "/bin/sh", "-c", ...script];
}

function volumes(folders: readonly string[]): readonly string[] {
  return folders.map((folder) => `--volume=${folder.includes(":") ? folder : `${folder}:${folder}`}`);
}

function pick(env: Host["env"], names: readonly string[]): Host["env"] {
  return makeRecord(names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const])));
}

/** docker(1) and podman(1) are the person's own, with their settings. */
export function clientEnv({ env, userEnv = env }: Host): Host["env"] {
  return userEnv;
}

/** The line of what such a program said that says why it failed. */
export function lastLine({ stderr, exitCode }: Pick<ExecResult, "stderr" | "exitCode">): string {
  return stderr.trim().split("\n").at(-1) || `exit code ${exitCode}`;
}
