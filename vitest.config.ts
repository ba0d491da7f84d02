import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/unit/**/*.test.ts", "test/e2e/**/*.test.ts"],
    testTimeout: 30_000,
    // Tests of the command line run the compiled program.
    globalSetup: ["test/helpers/compile.ts"],
  },
});
