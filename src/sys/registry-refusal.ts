import { z } from "zod";
import { BuildError } from "../errors.ts";
import type { Login, Repository } from "./registry-login.ts";
import type { Fault } from "./retry.ts";

/** How a request to a registry failed. */
export class RegistryFault extends Error {
  readonly fault: Fault;

  constructor(fault: Fault, cause?: unknown) {
    super(fault.message, { cause });
    this.fault = fault;
  }
}

const errorsSchema = z.object({
  errors: z.array(z.object({ code: z.string().catch(""), message: z.string().catch("") })).min(1),
});

/** What a registry says about a refusal, such as `DENIED requested access to the resource is denied`. */
export function readErrors(text: string): string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "no reason given";
  }
  const [first] = errorsSchema.safeParse(value).data?.errors ?? [];
  return first === undefined ? "no reason given" : `${first.code} ${first.message}`.trim();
}

interface Refused {
  readonly what: string;
  readonly fault: Fault;
  readonly cause: unknown;
  readonly repository: Repository;
  readonly login: Login | undefined;
}

/** The error for what a registry refuses. */
export function refusal({ what, fault, cause, repository, login }: Refused): BuildError {
  const { host, name } = repository;
  const { status, message } = fault;
  const refused = (why: string, hint: string) => new BuildError("destination", why, { cause, hint });
  const logIn = `docker login ${host}, podman login ${host}, or DOCKER_AUTH_CONFIG`;
  if (status === 401)
    return login === undefined
      ? refused(`${host} needs a login, and there is none for it (${what}).`, logIn)
      : refused(
          `${host} rejects the login of ${login.from} (${what}: ${message}).`,
          `${logIn}: it may be wrong, expired, or not for ${name}`,
        );
  if (status === 403)
    return refused(
      `${host} does not let ${login === undefined ? "everybody" : `the login of ${login.from}`} write ${name} (${what}: ${message}).`,
      login === undefined
        ? logIn
        : `give it the right to write ${name}; in a workflow: \`permissions: { packages: write }\` at the job`,
    );
  if (status === 404 && message.startsWith("NAME_UNKNOWN"))
    return refused(
      `${host} has no repository ${name} (${what}: ${message}).`,
      "make it there first: this registry does not make it itself",
    );
  if (status !== undefined && status >= 300 && status < 400)
    return refused(`${host} redirects what should only ${what}.`, "name the registry that it redirects to");
  if (what === findIt) return refused(`${host} is not a container registry: ${status} ${message}.`, "--to oci=HOST/NAME[:TAG]");
  return new BuildError("destination", `${host} refused ${what}: ${status} ${message}.`, { cause });
}

/** What the first request does. */
export const findIt = "find the registry";
