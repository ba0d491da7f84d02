import type { Setting } from "./git.ts";

/** Settings as the text of a configuration file (git-config(1), "Syntax"). */
export function configText(settings: readonly Setting[]): string {
  return settings
    .map(([key, value]) => {
      const [section = "", ...rest] = key.split(".");
      const head = rest.length > 1 ? `${section} "${rest[0]}"` : section;
      return `[${head}]\n\t${rest.at(-1)} = "${value.replaceAll(/["\\]/g, String.raw`\$&`)}"\n`;
    })
    .join("");
}
