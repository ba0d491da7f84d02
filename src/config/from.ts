import type { From } from "../plan/base.ts";
import { BuildError } from "../errors.ts";
import { addressFault } from "../sys/credentials.ts";
import { withoutShapes } from "../sys/secret-shapes.ts";
import { makeRecord } from "../record.ts";
import { unknownName } from "./names.ts";

const rules = ["auto", "git", "apt"] as const;

/**
 * Reads the values of `--from`: one of the rules, unless `allowed` has fewer, or SOURCE=PATH_OR_URL.
 * Throws "usage".
 */
export function parseFrom(values: readonly string[], sources: readonly string[], allowed: readonly From["rule"][] = rules): From {
  let rule: From["rule"] = "auto";
  const repositories = makeRecord<string>();
  for (const value of values) {
    const [, name, url] = /^([^=]+)=\s*(.+)$/s.exec(value) ?? [];
    const named = allowed.find((known) => known === value);
    if (named !== undefined) rule = named;
    else if (name === undefined || url === undefined)
      throw unknownName("Value of --from", withoutShapes(value), [
        ...allowed,
        ...sources.map((source) => `${source}=PATH_OR_URL`),
      ]);
    else if (!sources.includes(name)) throw unknownName("Source", withoutShapes(name), sources);
    else repositories[name] = checked(name, url);
  }
  return { rule, repositories };
}

function checked(source: string, address: string): string {
  const fault = addressFault(address);
  if (fault === undefined) return address;
  throw new BuildError("usage", `The address in --from ${source}=... ${fault}.`, {
    // Not as an address: what stands for the login would be masked.
    hint: `write a login before the host, as TOKEN@ or USER:PASSWORD@ with / ? # @ as %2F %3F %23 %40; or clone it with git and give the clone's path`,
  });
}
