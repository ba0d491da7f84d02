import { z } from "zod";
import { artifactSchema, baseSchema, compilerStatsSchema } from "../../dist/manifest.ts";

const job = z.string();
const patches = z.array(z.object({ name: z.string() }));
const time = { time: z.number() };

/** An event of `events.jsonl` (docs/events.md), as far as a page shows it. */
const runEventSchema = z.discriminatedUnion("event", [
  z.object({ event: z.literal("run"), version: z.string(), ...time }),
  z.object({
    event: z.literal("plan"),
    target: z.string(),
    line: z.string(),
    variant: z.string(),
    arch: z.string(),
    flags: z.string(),
    jobs: z.array(
      z.object({
        id: z.string(),
        needs: z.array(z.string()),
        base: baseSchema,
        source: z.object({ name: z.string(), version: z.string(), revision: z.number(), patches }),
        packaging: patches.optional(),
      }),
    ),
    ...time,
  }),
  z.object({ event: z.literal("notice"), message: z.string(), ...time }),
  z.object({
    event: z.literal("task-start"),
    task: z.number(),
    parent: z.number().optional(),
    title: z.string(),
    job: job.optional(),
    ...time,
  }),
  z.object({ event: z.literal("task-progress"), task: z.number(), message: z.string(), ...time }),
  z.object({ event: z.literal("task-end"), task: z.number(), outcome: z.enum(["done", "failed", "stopped"]), ...time }),
  z.object({
    event: z.literal("job-start"),
    job,
    expected: z.number().optional(),
    changes: z.array(z.string()),
    ...time,
  }),
  z.object({ event: z.literal("job-cached"), job, finished: z.string(), duration: z.number(), ...time }),
  z.object({ event: z.literal("job-skipped"), job, needs: z.array(z.string()), ...time }),
  z.object({ event: z.literal("step-start"), job, ...time }),
  z.object({
    event: z.literal("job-end"),
    job,
    outcome: z.enum(["built", "failed", "stopped"]),
    duration: z.number(),
    warnings: z.number(),
    log: z.string(),
    tail: z.array(z.string()),
    compilerCache: compilerStatsSchema.optional(),
    errors: z.array(z.object({ line: z.number(), text: z.string() })).default([]),
    ...time,
  }),
  z.object({ event: z.literal("done"), folder: z.string(), duration: z.number(), artifacts: z.array(artifactSchema), ...time }),
  z.object({
    event: z.literal("failed"),
    code: z.string().optional(),
    message: z.string(),
    hint: z.string().optional(),
    at: z.array(z.object({ file: z.string(), line: z.number().optional(), message: z.string().optional() })).default([]),
    duration: z.number(),
    ...time,
  }),
]);

/** An event as a page knows it. */
export type TimedEvent = Readonly<z.infer<typeof runEventSchema>>;

/** What a file of events holds. */
export interface EventFile {
  readonly events: readonly TimedEvent[];
  /** True if the file ends in the middle of a line. */
  readonly isCut: boolean;
  /** How many other lines cannot be read. */
  readonly damaged: number;
  /** True if it has more events than a page can show; only the first ones are in `events`. */
  readonly isLong: boolean;
}

/** Most events of a page. A build of all sources has some hundreds; a page takes 4 kB for each. */
const mostEvents = 40_000;

const names: ReadonlySet<string> = new Set(runEventSchema.options.map((option) => option.shape.event.value));
const named = z.object({ event: z.string() });

/**
 * Reads the lines of `events.jsonl`. Ignores events that it does not know: a later kovn-build may
 * have others. `mask` removes secrets from all texts.
 */
export function parseEvents(text: string, mask: (text: string) => string): EventFile {
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  const events: TimedEvent[] = [];
  let damaged = 0;
  for (const line of lines) {
    if (events.length === mostEvents) return { events, isCut: false, damaged, isLong: true };
    const event = parseLine(line, mask);
    if (event === "damaged") damaged += 1;
    else if (event !== undefined) events.push(event);
  }
  return { events, isCut: last !== "", damaged, isLong: false };
}

/** Returns the event of a line; undefined for one that no page shows. */
function parseLine(line: string, mask: (text: string) => string): TimedEvent | "damaged" | undefined {
  const value = parseJson(line, mask);
  const event = runEventSchema.safeParse(value);
  if (event.success) return event.data;
  const other = named.safeParse(value);
  return other.success && !names.has(other.data.event) ? undefined : "damaged";
}

function parseJson(text: string, mask: (text: string) => string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown) => (typeof value === "string" ? mask(value) : value));
  } catch {
    return undefined;
  }
}
