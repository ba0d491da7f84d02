import { z } from "zod";
import { environment, runProgram, type StepKind } from "./step.ts";

const schema = z
  .strictObject({
    script: z.string().min(1).describe("The script. It gets values as environment variables; nothing is pasted into it."),
    env: environment.exactOptional().describe("More environment variables for the script."),
  })
  .describe("Runs a short script with `sh -eu` in `src/`.");

/** `uses: shell`: runs a short script of sh(1) that stays readable in the pipeline. */
export const shell: StepKind<"shell", z.infer<typeof schema>> = {
  name: "shell",
  schema,
  run: ({ script, env = {} }, context) => runProgram("sh", ["-eu", "-c", script], env, context),
  makes: () => [],
};
