import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/real/longest-first.ts";

/**
 * The real builds: minutes, as root on Debian 12. One file more at a time than there are cores, since
 * half of what they do uses one core or waits: configure, apt, QEMU, Wine, gpg.
 * `npm run test:build`
 */
export default defineConfig({
  test: {
    include: ["test/real/**/*.test.ts"],
    testTimeout: 30 * 60_000,
    hookTimeout: 30 * 60_000,
    maxWorkers: availableParallelism() + 1,
    globalSetup: ["test/helpers/compile.ts", "test/helpers/runners.ts", "test/helpers/fixtures.ts", "test/helpers/kept.ts"],
    reporters: ["verbose"],
    // A busy machine, Wine, gpg and apt may fail once. `.ci/run` prints what happened.
    retry: 1,
    // What a command wrote is in the message of the test that expected something else.
    chaiConfig: { truncateThreshold: 2000 },
    sequence: { sequencer: LongestFirst },
  },
});
