import { requiredFields } from "../../config/patch.ts";
import type { Host } from "../../sys/exec.ts";
import { trailers } from "../../sys/git-patch.ts";
import type { Draft } from "./draft.ts";

/** Takes the DEP-3 fields that every patch must have out of the last paragraph of a message's body. */
export async function takeFields(body: string, host: Host): Promise<Pick<Draft, "body" | "fields">> {
  // A program for each patch takes time.
  if (!requiredFields.some((name) => body.includes(`${name}:`))) return { body, fields: {} };
  const found = await trailers(`subject\n\n${body}\n`, { host });
  const fields = Object.fromEntries(found.filter(([name]) => requiredFields.includes(name)));
  if (Object.keys(fields).length === 0) return { body, fields };
  const start = body.lastIndexOf("\n\n") + 1;
  const form = new RegExp(`^(?:${Object.keys(fields).join("|")}):.*(?:\\n[ \\t].*)*\\n?`, "gm");
  return { body: `${body.slice(0, start)}${body.slice(start).replaceAll(form, "")}`.trim(), fields };
}
