import { BuildError } from "../../errors.ts";
import { downloadUnknown } from "../../sys/download.ts";
import type { Host } from "../../sys/exec.ts";
import { runTask } from "../../sys/run-task.ts";
import { withoutShapes } from "../../sys/secret-shapes.ts";
import type { Piece } from "./piece.ts";

/** Pages of GitHub and GitLab that are a patch with `.patch` at the end. */
const page = /\/(?:commit\/[0-9a-f]{7,40}|pull\/\d+(?:\/commits\/[0-9a-f]{7,40})?|-\/merge_requests\/\d+)\/?$/;

/** True for an address of a web server, but not for one of a repository with `#COMMIT`. */
export function isPatchAddress(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { hash, pathname } = new URL(text);
  return hash === "" || page.test(pathname);
}

/** The commit that an address names. */
export function commitOf(url: string): string | undefined {
  return /(?<![0-9a-f])[0-9a-f]{40}(?![0-9a-f])/.exec(url)?.[0];
}

/** Downloads a patch, or the patch that a page of GitHub or GitLab shows. Throws "usage" and "network". */
export async function downloadPiece(address: string, host: Host, more: Pick<Piece, "strip" | "comment"> = {}): Promise<Piece> {
  const url = new URL(address);
  if (url.username !== "" || url.password !== "")
    throw new BuildError(
      "usage",
      `The address of a patch at ${url.host} has a login, but addresses are published in the patch.`,
      {
        hint: "download the patch, and give the file",
      },
    );
  url.hash = "";
  const isPage = page.test(url.pathname);
  const origin = withoutShapes(url.href) === url.href ? url.href : undefined;
  if (isPage) url.pathname = `${url.pathname.replace(/\/$/, "")}.patch`;
  const file = withoutShapes(address);
  const bytes = await runTask(host, `download ${file}`, async (below) => downloadUnknown(url.href, below));
  return { ...more, file, bytes: Buffer.from(bytes), name: undefined, mayHaveMany: true, origin, commit: commitOf(address) };
}
