import { z } from "zod";
import { kubeOvnFile } from "../src/config/kube-ovn.ts";
import { linesFile } from "../src/config/lines.ts";
import { lockFile } from "../src/config/lock.ts";
import { pipelineSchema } from "../src/config/pipeline.ts";
import { seedFile } from "../src/config/seed.ts";
import { sourceFile } from "../src/config/source.ts";
import { manifestSchema } from "../src/dist/manifest.ts";
import { releaseFile } from "../src/publish/release-file.ts";

/** The part of JSON Schema that zod writes for our files. */
export interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly const?: string | number | boolean;
  readonly enum?: readonly string[];
  readonly default?: string | number | boolean | object;
  readonly format?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly propertyNames?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly items?: JsonSchema;
  readonly oneOf?: readonly JsonSchema[];
}

/** The schema of each format, by the file that it is written to. Editors know draft 7 best. */
export const schemas = {
  "pipelines/pipeline.schema.json": jsonSchema(pipelineSchema, "A pipeline of kovn-build"),
  "patches/lines.schema.json": jsonSchema(linesFile, "The release lines of a project of kovn-build"),
  "patches/source.schema.json": jsonSchema(sourceFile, "An upstream source of kovn-build, with its pinned commit"),
  "patches/seed.schema.json": jsonSchema(seedFile, "Kube-OVN's changes to Open vSwitch and OVN"),
  "patches/kube-ovn.schema.json": jsonSchema(kubeOvnFile, "The changes that a release of Kube-OVN makes to Open vSwitch and OVN"),
  "patches/lock.schema.json": jsonSchema(lockFile, "The lock of a release line of kovn-build"),
  "patches/release.schema.json": jsonSchema(releaseFile, "Where a project of kovn-build publishes to, and what"),
  "docs/artifacts.schema.json": jsonSchema(manifestSchema, "The manifest of a build of kovn-build"),
} as const;

/** Makes the JSON Schema of a format, or of a part of one. */
export function jsonSchema(schema: z.ZodType, title: string): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: "input", target: "draft-7" });
  return { $schema, title, ...rest } as JsonSchema;
}
