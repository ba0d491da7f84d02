import { z } from "zod";
import { runProgram, type StepKind } from "./step.ts";

const schema = z.strictObject({
  script: z.string().min(1).describe("run by `sh -eu` in `src/`; values come as environment variables, nothing is pasted in"),
});

/** `uses: shell`: a few lines of sh(1) that stay readable in the pipeline. */
export const shell: StepKind<"shell", z.infer<typeof schema>> = {
  name: "shell",
  schema,
  run: ({ script }, context) => runProgram("sh", ["-eu", "-c", script], {}, context),
  makes: () => [],
};
