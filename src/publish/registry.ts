import { BuildError } from "../errors.ts";
import { apt } from "./apt.ts";
import { dir } from "./dir.ts";
import { github } from "./github.ts";
import type { Publisher } from "./publisher.ts";
import { tar } from "./tar.ts";

const publishers: readonly Publisher[] = [apt, dir, tar, github];

/** The forms of `--to`, for messages and help. */
export const destinationForms = publishers
  .map(({ kind, place, placeFromEnv }) => (placeFromEnv === true ? `${kind}[=${place}]` : `${kind}=${place}`))
  .join(" | ");

/** A publisher, and the place that it publishes to. */
export interface Destination {
  readonly publisher: Publisher;
  readonly place: string;
}

/** Parses a value of `--to`. Throws "usage". */
export function parseDestination(value: string): Destination {
  const [, kind, place = ""] = /^([^=]+)(?:=(.+))?$/.exec(value) ?? [];
  const publisher = publishers.find((candidate) => candidate.kind === kind);
  if (publisher === undefined || (place === "" && publisher.placeFromEnv !== true))
    throw new BuildError("usage", `\`${value}\` is not a destination. Available: ${destinationForms}.`);
  return { publisher, place };
}
