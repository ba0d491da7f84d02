import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { refusalOf } from "../errors.ts";
import { Json } from "../sys/json.ts";
import type { Emit, RunEvent } from "./events.ts";

export interface EventFileOptions {
  /** Reports, once, that the file cannot be written. The run goes on without it. */
  readonly notice: (message: string) => void;
  /** Removes secrets from a text. */
  readonly mask?: ((text: string) => string) | undefined;
}

export interface EventFile {
  readonly emit: Emit;
  readonly close: () => void;
}

/**
 * Writes the events of a run to a file, one JSON object a line, with the `time` of each
 * (docs/events.md). Output of jobs is left out: their logs have it. The file is made at the first
 * event, and its folder; it must not exist. Each line is written at once and whole, so a killed run
 * leaves all its events; no problem with the file fails the run.
 */
export function eventFile(path: string, { notice, mask = (text) => text }: EventFileOptions): EventFile {
  let file: number | undefined;
  let isBroken = false;
  return {
    emit: (event: RunEvent) => {
      if (isBroken || event.event === "output") return;
      try {
        file ??= openNew(path);
        appendWhole(file, new Json({ time: Date.now(), ...event }, 0).toText(mask));
      } catch (error) {
        isBroken = true;
        notice(`Events are no longer written to ${path}: ${refusalOf(error) ?? String(error)}.`);
      }
    },
    close: () => {
      isBroken = true;
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function openNew(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  return openSync(path, "ax");
}

/** Appends a text, or leaves the file as it was: a full disk takes only a part of it. */
function appendWhole(file: number, text: string): void {
  const { size } = fstatSync(file);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  } catch (error) {
    ftruncateSync(file, size);
    throw error;
  }
}
