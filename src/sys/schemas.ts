import { z } from "zod";

/** A sha256 in hexadecimal. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/, "expected a sha256 (64 hexadecimal digits)");

/** The full id of a git commit or tree. */
export const gitIdSchema = z.string().regex(/^[0-9a-f]{40}$/, "expected a full git id (40 hexadecimal digits)");
