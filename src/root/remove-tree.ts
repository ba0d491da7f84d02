import { BuildError } from "../errors.ts";
import { exec, type Host } from "../sys/exec.ts";
import { removeFolder } from "../sys/files.ts";
import { errorCode } from "../sys/processes.ts";
import { removeImage } from "./image.ts";
import { inNamespaces } from "./namespaces.ts";

/**
 * Removes a root, whole or half made. Of a half made one, some folders belong to ids that only the
 * namespace of its user has.
 */
export async function removeTree(path: string, host: Host): Promise<void> {
  await removeImage(path, host);
  try {
    await removeFolder(path);
  } catch (error) {
    if (!["EACCES", "EPERM"].includes(errorCode(error) ?? "")) throw error;
    const [program, ...args] = [...inNamespaces, "rm", "--recursive", "--force", "--", path];
    // Also after the run was stopped: who stops it waits for a few seconds.
    const alive = { ...host, signal: new AbortController().signal };
    const { exitCode, stderr } = await exec(program, args, { host: alive });
    if (exitCode !== 0) throw new BuildError("machine", `${path} cannot be removed: ${stderr.trim()}`, { cause: error });
  }
}
