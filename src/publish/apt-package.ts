import { BuildError } from "../errors.ts";
import { packageControl } from "../sys/deb.ts";
import type { Host } from "../sys/exec.ts";
import { makeStanza, type Stanza } from "./apt-stanza.ts";

/**
 * Reads what a package is from its control file. Throws "digest" when it is not a package, or one
 * whose control file could become anything but one stanza of an index.
 */
export async function readPackage(
  file: string,
  placed: Pick<Stanza, "filename" | "size" | "sha256">,
  host: Host,
): Promise<Stanza> {
  const control = await packageControl(file, { host });
  return makeStanza(
    control,
    placed,
    (what) => new BuildError("digest", `The control file of ${file} is not valid: ${what}.`, { hint: "build the package again" }),
  );
}
