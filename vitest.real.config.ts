import { defineConfig } from "vitest/config";

/** The real builds: minutes, as root on Debian 12, one after the other. `npm run test:build` */
export default defineConfig({
  test: {
    include: ["test/real/**/*.test.ts"],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    fileParallelism: false,
    globalSetup: ["test/helpers/compile.ts", "test/helpers/runners.ts", "test/helpers/fixtures.ts", "test/helpers/kept.ts"],
    reporters: ["verbose"],
  },
});
