import leven from "leven";
import { BuildError } from "../errors.ts";
import { listOf } from "../list.ts";

/**
 * The error for an unknown name. It lists the known names, each as `show` shows it, and suggests the
 * most similar one.
 */
export function unknownName(
  kind: string,
  name: string,
  known: readonly string[],
  show = (other: string) => `\`${other}\``,
): BuildError {
  const close = nearest(name, known);
  const list = listOf(known.map(show));
  return new BuildError("usage", `${kind} \`${name}\` is unknown. Available: ${list || "none"}.`, {
    ...(close === undefined ? {} : { hint: `Did you mean \`${close}\`?` }),
  });
}

/** A text with a capital letter at its start. */
export function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The known name that is most similar to `name`, if at most a third of the letters differ. */
function nearest(name: string, known: readonly string[]): string | undefined {
  const ranked = known.map((other) => ({ other, distance: leven(name.toLowerCase(), other.toLowerCase()) }));
  const best = ranked.toSorted((a, b) => a.distance - b.distance)[0];
  return best !== undefined && best.distance <= Math.max(1, Math.ceil(name.length / 3)) ? best.other : undefined;
}
