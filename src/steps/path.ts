import { z } from "zod";

/** A path or glob pattern below a folder of the job: neither absolute nor leading outside. */
export const insidePath = z
  .string()
  .min(1)
  .refine((path) => !path.startsWith("/") && !path.includes(".."), "a path inside of the job's folder is wanted");
