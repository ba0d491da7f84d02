import { BuildError } from "../errors.ts";
import type { GitHubAccess } from "../sys/github.ts";
import type { Place } from "./github-assets.ts";

/** GitHub's grammar: no name is `.` or `..`, and none of a repository ends in `.git` or `.wiki`. */
const repositoryName = /^([A-Za-z0-9][\w-]{0,38})\/(?!\.{1,2}$)(?!.*\.(?:git|wiki)$)([\w.-]{1,100})$/i;

/**
 * The repository that a person named, else that of the environment. `option` is what names it, and
 * `does` what needs it. Throws "usage" when it is missing or malformed, and when there is no token.
 */
export function readPlace(
  named: string,
  { repository: own = "", token = "" }: GitHubAccess,
  { option, does }: { readonly option: string; readonly does: string },
): Place {
  const repository = named || own;
  const [, owner, repo] = repositoryName.exec(repository) ?? [];
  if (owner === undefined || repo === undefined)
    throw new BuildError(
      "usage",
      repository === "" ? "No GitHub repository given." : `Repository \`${repository}\` is not of the form OWNER/REPO.`,
      { hint: `${option}=OWNER/REPO` },
    );
  if (token === "")
    throw new BuildError("usage", `GITHUB_TOKEN is not set: ${does} needs a token.`, {
      hint: "in a workflow: `env: { GITHUB_TOKEN: '${{ github.token }}' }` at the step; a pull request from a fork has no secrets",
    });
  return { owner, repo };
}
