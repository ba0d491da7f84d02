import type { Source } from "../../config/source.ts";
import { BuildError } from "../../errors.ts";
import { allPatches, findPatch } from "../find-patch.ts";
import { isPackaging, listsOf, mapLists } from "../lists.ts";
import type { Change } from "./change.ts";

/**
 * Gives a patch another name, in every series that lists it. Returns undefined if it has that name.
 * Throws "usage" for a name that cannot be one, or that another patch has.
 */
export function renamePatch(asked: string, name: string, source: Source): Change | undefined {
  const patch = findPatch(asked, source);
  const folder = isPackaging(patch.name) ? "packaging/" : "";
  const slug = name.replace(/\.patch$/, "").slice(name.startsWith(folder) ? folder.length : 0);
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(slug))
    throw new BuildError("usage", `\`${name}\` is not a patch name: expected lower-case letters, digits and hyphens.`);
  const to = `${folder}${slug}.patch`;
  if (to === patch.name) return undefined;
  if (allPatches(source).some((other) => other.name === to))
    throw new BuildError("usage", `Source \`${source.name}\` has another patch \`${to}\`.`);
  return {
    lists: mapLists(listsOf(source), (names) => names.map((one) => (one === patch.name ? to : one))),
    gone: [],
    renamed: new Map([[to, patch.name]]),
    rows: [{ name: patch.name, change: "renamed", to }],
    refusal: { message: "", hint: "" },
  };
}
