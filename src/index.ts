export { BuildError, type ErrorCode } from "./errors.ts";
export { readRequest, type Machine, type RequestOptions } from "./run/request.ts";
export { findProject, type Project } from "./config/project.ts";
export { makePlan, type Plan, type PlanInput, type PlannedJob } from "./plan/plan.ts";
export type { Base, From } from "./plan/base.ts";
export { build, type BuildOptions } from "./run/build.ts";
export type { RunEvent } from "./run/events.ts";
export type { Artifact, BuiltJob, Manifest } from "./dist/manifest.ts";
export type { Host } from "./sys/exec.ts";
