import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { BuildError } from "../errors.ts";
import { exec, tryExec, type ExecResult, type Host } from "../sys/exec.ts";
import { exists } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { runTask } from "../sys/run-task.ts";
import type { ArchiveRequest } from "./archive.ts";
import { clientEnv, enterContainer, lastLine, type Container } from "./containers.ts";

/** Where containers see the folder that a root is made in. */
export const inside = "/kovn-build";

/**
 * Finds the image of a distribution, and who programs in its containers run as. Pulls it if it is not
 * there. Throws "network" if it cannot be pulled, "machine" if it is another one than its name says, or
 * no container of it runs.
 */
export async function openImage(
  program: Container["program"],
  { known, arch }: Pick<ArchiveRequest, "known" | "arch">,
  { roots, host }: { readonly roots: string; readonly host: Host },
): Promise<Container> {
  const name = `docker.io/library/${known.name}`;
  const found = await pullImage(program, name, host);
  const wrong = (what: string, expected: string) =>
    new BuildError("machine", `Image ${name} of ${program} is for ${what}; expected ${expected}.`, {
      hint: `${program} image rm ${name}, and build again to pull it`,
    });
  if (found.arch !== arch) throw wrong(found.arch, arch);
  const { distribution, user } = await lookInside({ program, image: found.id, user: "0:0" }, name, roots, host);
  if (distribution !== known.distribution) throw wrong(distribution, known.distribution);
  if (user.startsWith("65534:"))
    throw new BuildError("machine", `Files of this machine belong to nobody in containers of ${program}.`, {
      hint: "leave out its setting userns-remap, or build without --runner",
    });
  return { program, image: found.id, user };
}

async function pullImage(program: string, name: string, host: Host): Promise<{ readonly id: string; readonly arch: string }> {
  const inspect = async () => ask(program, ["image", "inspect", "--format={{.Id}} {{.Architecture}}", name], host);
  let found = await inspect();
  if (found.exitCode !== 0) {
    const pulled = await runTask(host, `pull ${name}`, async (below) => ask(program, ["pull", "--quiet", name], below));
    if (pulled.exitCode !== 0)
      throw new BuildError("network", `${program} cannot pull image ${name}:\n  ${lastLine(pulled)}`, {
        hint: `${program} pull ${name}, or without --runner`,
      });
    found = await inspect();
  }
  const [id = "", arch = "an unknown architecture"] = found.stdout.trim().split(" ");
  return { id, arch };
}

/** The distribution that an image has, and who owns the folder of the roots in a container of it. */
async function lookInside(container: Container, name: string, roots: string, host: Host) {
  const { program } = container;
  const look = `. /etc/os-release; echo "$ID $VERSION_ID"; stat --format=%u:%g ${inside}`;
  const enter = enterContainer(container, { folders: [`${roots}:${inside}`], network: "none" }, host);
  const { command, ...entered } = enter({ command: ["/bin/sh", "-c", look], cwd: "/", env: {} });
  const [first = program, ...args] = command;
  const looked = await exec(first, args, { host, ...entered });
  if (looked.exitCode !== 0)
    throw new BuildError("machine", `${program} runs no container of ${name}:\n  ${lastLine(looked)}`, {
      hint: `${program} run --rm --network none ${name} true`,
    });
  const [distribution = "", user = ""] = looked.stdout.trim().split("\n");
  return { distribution, user };
}

const schema = z.object({ program: z.enum(["docker", "podman"]), image: z.string(), user: z.string() });

const imageFile = "image.json";

/** Notes which image the root in a folder is going to be: it is removed with the folder, whole or half made. */
export async function noteImage(folder: string, container: Container): Promise<void> {
  await writeFile(join(folder, imageFile), `${JSON.stringify(container)}\n`);
}

/** The image of the root in a folder; undefined for a root that is none. */
export async function imageIn(folder: string): Promise<Container | undefined> {
  const file = join(folder, imageFile);
  return (await exists(file)) ? schema.parse(JSON.parse(await readText(file, "a cached result"))) : undefined;
}

/** True if an image is still there: people remove what they no longer need. */
export async function hasImage({ program, image }: Container, host: Host): Promise<boolean> {
  return (await ask(program, ["image", "inspect", "--format={{.Id}}", image], host)).exitCode === 0;
}

/** Removes the image of the root in a folder, if it has one. What cannot be removed is reported. */
export async function removeImage(folder: string, host: Host): Promise<void> {
  const container = await imageIn(folder).catch(() => undefined);
  if (container === undefined) return;
  const { program, image } = container;
  const removed = await tryExec(program, ["image", "rm", "--force", image], { host, env: clientEnv(host) });
  if (removed?.exitCode === 0 || /no such image|image not known/i.test(removed?.stderr ?? "")) return;
  host.task.notice(
    `Image ${image} of ${program} is not removed: ${removed === undefined ? "it is not installed" : lastLine(removed)}`,
  );
}

async function ask(program: string, args: readonly string[], host: Host): Promise<ExecResult> {
  return exec(program, args, { host, env: clientEnv(host) });
}
