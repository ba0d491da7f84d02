import { z } from "zod";

/** A path or glob pattern below a folder of the job: relative, and without `..`. */
export const insidePath = z.string().regex(/^(?!\/)(?![\s\S]*\.\.)[\s\S]+$/, "expected a path inside the job's folder");
