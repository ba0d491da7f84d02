import { join, resolve } from "node:path";
import { BuildError } from "../errors.ts";
import { apt } from "./apt.ts";
import { dir } from "./dir.ts";
import { github } from "./github.ts";
import { oci } from "./oci.ts";
import type { Publisher } from "./publisher.ts";
import { tar } from "./tar.ts";
import { truePath } from "../sys/disk.ts";

const publishers: readonly Publisher[] = [apt, dir, tar, github, oci];

/** The forms of `--to`, for messages and help. */
export const destinationForms = publishers
  .map(({ kind, place, placeFromEnv }) => (placeFromEnv === true ? `${kind}[=${place}]` : `${kind}=${place}`))
  .join(" | ");

/** What a value of `--to` looks like, as a regular expression. */
export const destinationPattern = `^(?:${publishers
  .map(({ kind, placeFromEnv }) => (placeFromEnv === true ? `${kind}(?:=.+)?` : `${kind}=.+`))
  .join("|")})$`;

/** A publisher, and the place that it publishes to. */
export interface Destination {
  readonly publisher: Publisher;
  readonly place: string;
}

/** A destination as a person wrote it. */
export interface NamedDestination extends Destination {
  readonly to: string;
}

/**
 * Throws "usage" when two destinations are the same place, or one is inside another or in a folder
 * of `inputs`: what is written to one would be in the way of the other.
 */
export function assertApart(destinations: readonly NamedDestination[], inputs: readonly string[]): void {
  const paths = destinations.filter(({ publisher }) => publisher.remote !== true);
  const places = paths.map(({ to, place }) => ({ to, path: truePath(resolve(place)) }));
  for (const [index, { to, path }] of places.entries()) {
    const input = inputs.find((folder) => isWithin(path, truePath(resolve(folder))));
    const other = places.slice(index + 1).find((one) => isWithin(path, one.path) || isWithin(one.path, path))?.to ?? input;
    if (other !== undefined)
      throw new BuildError("usage", `\`${to}\` and \`${other}\` are the same place, or one is inside the other.`, {
        hint: "give each destination a place of its own",
      });
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(join(folder, "/"));
}

/** Parses a value of `--to`. Throws "usage". */
export function parseDestination(value: string): Destination {
  const [, kind, place = ""] = /^([^=]+)(?:=(.+))?$/.exec(value) ?? [];
  const publisher = publishers.find((candidate) => candidate.kind === kind);
  if (publisher === undefined || (place === "" && publisher.placeFromEnv !== true))
    throw new BuildError("usage", `\`${value}\` is not a destination. Available: ${destinationForms}.`);
  publisher.assertPlace?.(place);
  return { publisher, place };
}
