import { pickLine, type Project } from "../../config/project.ts";
import { isPrerelease, nextVersion, releasedVersions, tagOf } from "../../release/version.ts";
import type { Host } from "../../sys/exec.ts";
import { listTags } from "../../sys/git-release.ts";

export interface NextOptions {
  readonly line?: string;
  readonly preid?: string;
  readonly json: boolean;
}

/** `kovn-build release next`: the version that a line cuts next, from the git tags, and nothing else. */
export async function releaseNext(options: NextOptions, project: Project, host: Host): Promise<string> {
  const line = await pickLine(project, options.line);
  const released = releasedVersions(line, await listTags({ host, cwd: project.root }));
  const version = nextVersion(line, released, options.preid);
  if (!options.json) return `${version}\n`;
  const result = { schema: 1, line, version, tag: tagOf(version), prerelease: isPrerelease(version), previous: released.at(-1) };
  return `${JSON.stringify(result, undefined, 2)}\n`;
}
