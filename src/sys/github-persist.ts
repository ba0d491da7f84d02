import type { Octokit, RequestError } from "octokit";
import { BuildError } from "../errors.ts";
import type { Host } from "./exec.ts";
import type { Fault } from "./retry.ts";
import { firstLine, makePersist as makeAny, type Work } from "./persist.ts";

/** What octokit returns for a request. */
type Answer = Awaited<ReturnType<Octokit["request"]>>;

/** A request to GitHub; what `observe` returns is the data of the answer. */
type GitHubWork = Omit<Work<Answer>, "observe"> & { readonly observe: (() => Promise<unknown>) | undefined };

/** Makes the function that repeats a request to GitHub; writes start at least `writePause` milliseconds apart. */
export function makePersist(host: Pick<Host, "signal" | "task" | "mask">, writePause: number) {
  const readFault = (error: unknown) => faultOf(error, host.mask);
  const persist = makeAny(host, { server: "GitHub", writePause, readFault, refusal });
  return async ({ observe, ...work }: GitHubWork, attempt: () => Promise<Answer>): Promise<Answer> => {
    const look = async (): Promise<Answer | undefined> => {
      const data = await observe?.();
      return data === undefined ? undefined : { status: 200, url: "", headers: {}, data };
    };
    return persist({ ...work, observe: look }, async () => assertWhole(await attempt()));
  };
}

/** True for octokit's error of a request, with or without a response. */
export function isHttpError(error: unknown): error is RequestError {
  return error instanceof Error && error.name === "HttpError";
}

/** octokit returns a response that was cut off as text, or as no bytes. */
class CutOff extends Error {}

function assertWhole(answer: Answer): Answer {
  const data: unknown = answer.data;
  const isCut = data instanceof ArrayBuffer ? data.byteLength === 0 : typeof data === "string" && answer.status !== 204;
  if (isCut) throw new CutOff("unreadable response");
  return answer;
}

/** How a request failed. Throws any other error again. `mask` removes secrets, before the message is cut. */
function faultOf(error: unknown, mask?: (text: string) => string): Fault {
  // From the body's source.
  if (error instanceof Error && error.cause instanceof BuildError) throw error.cause;
  // undici calls a tunnel that a proxy refuses an AbortError.
  if (error instanceof CutOff || (error instanceof Error && error.name === "AbortError"))
    return { status: undefined, headers: {}, message: firstLine(error.message, mask) };
  if (!isHttpError(error)) throw error;
  const { response } = error;
  return { status: response?.status, headers: response?.headers ?? {}, message: firstLine(error.message, mask) };
}

function refusal(what: string, { status, headers, message }: Fault, cause: unknown): BuildError {
  if (status === 401)
    return new BuildError("destination", "GitHub rejects the token in GITHUB_TOKEN: it is wrong or has expired.", {
      cause,
      hint: "in a workflow: `env: { GITHUB_TOKEN: '${{ github.token }}' }` at the step",
    });
  if (status === 403) {
    const needed = firstLine(String(headers["x-accepted-github-permissions"] ?? "contents=write")).replace("=", ": ");
    return new BuildError("destination", `The token in GITHUB_TOKEN lacks the permission \`${needed}\` (${what}: ${message}).`, {
      cause,
      hint: `in a workflow: \`permissions: { ${needed} }\` at the job; a pull request from a fork never has it`,
    });
  }
  return new BuildError("destination", `GitHub refused ${what}: ${status} ${message}.`, { cause });
}
