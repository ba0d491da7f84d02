import { setMaxListeners } from "node:events";
import { resolve } from "node:path";
import { packageRoot, packageVersion } from "./config/package.ts";
import { distFolder, findProject } from "./config/project.ts";
import type { MachineCheck } from "./machine/check.ts";
import { thisMachine } from "./machine/this-machine.ts";
import { inspect as inspectFile, type Inspection } from "./inspect/inspect.ts";
import { makePlan, type Plan } from "./plan/plan.ts";
import { runChecks, type ProveOptions as ProveRequest } from "./prove/run-checks.ts";
import type { Proof } from "./prove/prove.ts";
import { publish as publishArtifacts, type Published, type PublishRequest } from "./publish/publish.ts";
import { takeCredentials } from "./sys/credentials.ts";
import { makeMask } from "./sys/mask.ts";
import type { Built } from "./run/build.ts";
import type { ReadContext, WorkContext } from "./run/context.ts";
import { doctor as checkMachine, type DoctorOptions as DoctorRequest } from "./run/doctor.ts";
import type { RunEvent } from "./run/events.ts";
import type { BuildOptions as BuildRequest } from "./run/prepare.ts";
import { withProgress } from "./run/progress.ts";
import { parseMirrors } from "./root/mirrors.ts";
import { runLimits } from "./run/prune-runs.ts";
import { readRequest, type RequestOptions } from "./run/request.ts";
import { runBuild } from "./run/run-build.ts";
import type { GitHubAccess } from "./sys/github.ts";
import { verify as verifyAll, type Verification } from "./verify/verify.ts";
import { allChecks, bytesOnly, withRebuild } from "./trial/registry.ts";
import { ownNode } from "./sys/processes.ts";
import { quietTask } from "./sys/task.ts";

export type { Artifact, BuiltJob, Manifest } from "./dist/manifest.ts";
export { BuildError, type ErrorCode, type FilePlace } from "./errors.ts";
export type { Base } from "./plan/base.ts";
export type { PlannedJob } from "./plan/plan.ts";
export type { Outcome } from "./publish/publisher.ts";
export type { Verdict } from "./verify/check.ts";
export type { Built, Inspection, MachineCheck, Plan, Proof, Published, RunEvent, Verification };

/** Options of every function. */
export interface CommonOptions {
  /**
   * A folder of the project; `.kovn` and, by default, `dist` are made in it. Default: the current
   * folder.
   */
  readonly folder?: string;
  /**
   * The environment of the programs that are started, and the proxies of requests (`https_proxy`
   * and so on). Default: a PATH of the system's folders.
   */
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Stops the call: all programs that it started are ended, and the call rejects with the signal's
   * reason.
   */
  readonly signal?: AbortSignal;
  /** Receives progress. */
  readonly onEvent?: (event: RunEvent) => void;
}

/** Options, of which only some are required: the others have the defaults of the command line. */
type Defaulted<Options, Required extends keyof Options> = Pick<Options, Required> & Partial<Omit<Options, Required>>;

export interface PlanOptions extends CommonOptions, Defaulted<RequestOptions, "target"> {}

export interface BuildOptions extends CommonOptions, Defaulted<BuildRequest, "target"> {}

export interface DoctorOptions extends CommonOptions, Defaulted<DoctorRequest, "target"> {}

export interface ProveOptions extends CommonOptions, Defaulted<ProveRequest, "programs"> {}

export interface VerifyOptions extends CommonOptions {
  /** Folders of `build`, or files of one. Default: `dist` in the project's folder. */
  readonly paths?: readonly string[];
  /** False to look at the bytes only, and install and run nothing. Default: true. */
  readonly run?: boolean;
  /** True to build all of it a second time, and to compare every byte. Default: false. */
  readonly rebuild?: boolean;
  /** Where the second build takes sources from, as `--from` says it. */
  readonly from?: readonly string[];
  /** Archives for roots instead of the distribution's own: URL or `security=URL`. */
  readonly mirror?: readonly string[];
}

export interface InspectOptions extends CommonOptions {
  /** A Debian package, installer, zip or program. */
  readonly file: string;
}

export interface PublishOptions extends CommonOptions, Partial<PublishRequest> {
  /**
   * How to reach GitHub; `token` and, unless the destination names it, `repository` are needed to
   * publish there.
   */
  readonly github?: Partial<GitHubAccess>;
}

const requestDefaults = { only: [], variant: "default", root: "host", unlocked: false };

interface FromOption {
  readonly from?: readonly string[];
}

/** `from` without the credentials in its addresses; the context has them. */
function cleanFrom({ from = [] }: FromOption): Required<FromOption> {
  return { from: takeCredentials(from).args };
}

/** Plans a build: what `build` would run, without network. Throws `BuildError`. */
export async function plan(options: PlanOptions): Promise<Plan> {
  return makePlan(await readRequest({ ...requestDefaults, ...options, ...cleanFrom(options) }, await contextOf(options)));
}

/** Builds a target, and leaves the artifacts in `<out>/<target>[-<variant>]`. Throws `BuildError`. */
export async function build(options: BuildOptions): Promise<Built> {
  return inContext(options, async (context) => {
    const defaults = {
      ...requestDefaults,
      out: resolve(distFolder(context.project)),
      jobs: context.machine.cores,
      installDeps: false,
      keepGoing: false,
      mirror: [],
      cache: true,
      keepRuns: runLimits.keep,
    };
    return runBuild({ ...defaults, ...options, ...cleanFrom(options) }, context);
  });
}

/** Checks what a build of a target needs of this machine. Throws `BuildError`. */
export async function doctor(options: DoctorOptions): Promise<readonly MachineCheck[]> {
  return inContext(options, async (context) =>
    checkMachine({ only: [], variant: "default", root: "host", jobs: context.machine.cores, fix: false, ...options }, context),
  );
}

/**
 * Runs built programs and checks what they do, for each entry of the seed and each patch that
 * belongs to none. Throws `BuildError`.
 */
export async function prove(options: ProveOptions): Promise<readonly Proof[]> {
  return inContext(options, async (context) => runChecks({ checks: [], runner: "native", mirror: [], ...options }, context));
}

/**
 * Looks at the bytes of built artifacts, installs and runs them, and builds them a second time if asked to;
 * a failing check is a result. Throws `BuildError`.
 */
export async function verify(options: VerifyOptions): Promise<readonly Verification[]> {
  const { run = true, rebuild = false, mirror = [] } = options;
  return inContext(options, async (context) => {
    const { project, host } = context;
    const chosen = run ? allChecks({ ...context, mirrors: parseMirrors(mirror) }) : bytesOnly;
    const checks = rebuild ? withRebuild(chosen, { ...context, ...cleanFrom(options), mirror }) : chosen;
    return verifyAll(options.paths ?? [resolve(distFolder(project))], checks, host);
  });
}

/** Reads what a file on disk says about how it was built. Throws `BuildError`. */
export async function inspect(options: InspectOptions): Promise<Inspection> {
  return inContext(options, async ({ host }) => inspectFile(options.file, host));
}

/** Publishes built artifacts to each destination. Throws `BuildError`. */
export async function publish(options: PublishOptions): Promise<Published> {
  const github = { api: "https://api.github.com", token: undefined, repository: undefined, ...options.github };
  return inContext(options, async ({ project, host }) => {
    const artifacts = [resolve(distFolder(project))];
    const request = { artifacts, allowAlternate: false, allowUnlocked: false, allowUnverified: false, ...options };
    return publishArtifacts(request, { project, host, github });
  });
}

const builder = { name: "kovn-build", version: packageVersion, node: ownNode };

async function contextOf({ folder = ".", env, signal, from = [] }: CommonOptions & FromOption): Promise<ReadContext> {
  const own = signal === undefined ? new AbortController().signal : AbortSignal.any([signal]);
  // Each running program listens to it.
  setMaxListeners(0, own);
  const { credentials, secrets } = takeCredentials(from);
  const mask = makeMask(env ?? {});
  for (const secret of secrets) mask.add(secret);
  const host = {
    env: env ?? { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    credentials,
    signal: own,
    mask,
    hide: mask.add,
    task: quietTask,
  };
  return { project: await findProject(resolve(folder), packageRoot, host), machine: thisMachine(), host };
}

async function inContext<T>(options: CommonOptions & FromOption, work: (context: WorkContext) => Promise<T>): Promise<T> {
  const { project, machine, host } = await contextOf(options);
  const reporter = { emit: options.onEvent ?? (() => undefined), start: () => undefined, end: () => undefined };
  return withProgress(host, reporter, async (progress) => work({ ...progress, project, machine, builder }));
}
