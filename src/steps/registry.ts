import { z } from "zod";
import { deb } from "./deb.ts";
import { download } from "./download.ts";
import { mingw } from "./mingw.ts";
import { msi } from "./msi.ts";
import { msys } from "./msys.ts";
import { shell } from "./shell.ts";
import type { StepContext } from "./step.ts";
import { zip } from "./zip.ts";

/** A step of a job: `uses` names its kind, `with` is its input. */
export type Step = z.infer<typeof stepSchema>;

/** The schema of a step: one branch a step kind, so that an unknown kind or key is named where it stands. A new kind is one line here and one in `runStep`. */
export const stepSchema = z.discriminatedUnion("uses", [
  z.strictObject({ uses: z.literal("deb"), with: deb.schema }),
  z.strictObject({ uses: z.literal("download"), with: download.schema }),
  z.strictObject({ uses: z.literal("mingw"), with: mingw.schema }),
  z.strictObject({ uses: z.literal("msi"), with: msi.schema }),
  z.strictObject({ uses: z.literal("msys"), with: msys.schema }),
  z.strictObject({ uses: z.literal("shell"), with: shell.schema }),
  z.strictObject({ uses: z.literal("zip"), with: zip.schema }),
]);

/** Runs one step in its job's folder. Throws `BuildError` ("build") when it fails. */
export async function runStep(step: Step, context: StepContext): Promise<void> {
  switch (step.uses) {
    case "deb":
      return deb.run(step.with, context);
    case "download":
      return download.run(step.with, context);
    case "mingw":
      return mingw.run(step.with, context);
    case "msi":
      return msi.run(step.with, context);
    case "msys":
      return msys.run(step.with, context);
    case "shell":
      return shell.run(step.with, context);
    case "zip":
      return zip.run(step.with, context);
    default:
      step satisfies never;
  }
}
