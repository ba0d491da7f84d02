import { z } from "zod";

/**
 * A glob pattern below a folder of the job: relative, and without `..`. What it matches is checked
 * as well (`globInside`).
 */
export const insidePattern = z.string().regex(/^(?!\/)(?![\s\S]*\.\.)[^\0]+$/, "expected a path inside the job's folder");
