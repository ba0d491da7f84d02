import type { From } from "../plan/base.ts";
import { unknownName } from "./names.ts";

const rules = ["auto", "git", "apt"] as const;

/**
 * Reads the values of `--from`: one of the rules, unless `allowed` has fewer, or SOURCE=PATH_OR_URL.
 * Throws "usage".
 */
export function parseFrom(values: readonly string[], sources: readonly string[], allowed: readonly From["rule"][] = rules): From {
  let rule: From["rule"] = "auto";
  const repositories: Record<string, string> = {};
  for (const value of values) {
    const [, name, url] = /^([^=]+)=(.+)$/.exec(value) ?? [];
    const named = allowed.find((known) => known === value);
    if (named !== undefined) rule = named;
    else if (name === undefined || url === undefined)
      throw unknownName("Value of --from", value, [...allowed, ...sources.map((source) => `${source}=PATH_OR_URL`)]);
    else if (!sources.includes(name)) throw unknownName("Source", name, sources);
    else repositories[name] = url;
  }
  return { rule, repositories };
}
