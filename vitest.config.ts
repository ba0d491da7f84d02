import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/e2e/**/*.test.ts"],
    // Most tests wait for programs: one worker more than there are cores (vitest takes one less).
    maxWorkers: availableParallelism() + 1,
    // A worker runs many files, and loads what they import once: no test may leave a state in its process.
    isolate: false,
    testTimeout: 120_000,
    // What a command wrote is in the message of the test that expected something else.
    chaiConfig: { truncateThreshold: 2000 },
    // Tests of the command line run the compiled program.
    globalSetup: ["test/helpers/in-memory.ts", "test/helpers/compile.ts", "test/helpers/runners.ts", "test/helpers/fixtures.ts"],
  },
});
