import { join } from "node:path";
import { isFile } from "../sys/files.ts";
import { readText } from "../sys/read-file.ts";
import { clearSign, isSignedBy, signatureOf } from "../sys/gpg.ts";
import type { Content } from "./apt-live.ts";
import { stateNames, type SuitePlace } from "./apt-trust.ts";
import type { YankOptions } from "./publisher.ts";

/**
 * The files that hold a state, in the order in which they go live; none when the suite `isLive` in
 * that state, and they are whole and signed by the key.
 */
export async function stateFiles(
  text: string,
  isLive: boolean,
  { dir }: SuitePlace,
  options: YankOptions,
): Promise<readonly Content[]> {
  const { signer } = options;
  const [signed, plain] = [join(dir, stateNames.signed), join(dir, stateNames.plain)];
  const isWhole = isLive && (await readText(plain, "an index of packages").catch(() => "")) === text;
  if (signer === undefined) return isWhole ? [] : [[stateNames.plain, text]];
  const isSigned = async (...files: readonly string[]) => {
    for (const file of files) if (!(await isFile(file))) return false;
    return isSignedBy(signer, files, options);
  };
  if (isWhole && (await isSigned(signed)) && (await isSigned(plain, join(dir, stateNames.signature)))) return [];
  return [
    [stateNames.plain, text],
    [stateNames.signature, await signatureOf(text, signer, options)],
    [stateNames.signed, await clearSign(text, signer, options)],
  ];
}
