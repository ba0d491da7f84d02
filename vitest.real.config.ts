import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./test/real/longest-first.ts";

/** Tests of publishing build nothing. */
const publishing = "test/real/publish-*.test.ts";
const time = { testTimeout: 30 * 60_000, hookTimeout: 30 * 60_000 };

/**
 * The real builds: minutes, as root on Debian 12, two at a time, since half of what they do uses one
 * core: configure, apt, QEMU, Wine. Then the tests of publishing, which wait for gpg and apt.
 * `npm run test:build`
 */
export default defineConfig({
  test: {
    globalSetup: ["test/helpers/compile.ts", "test/helpers/runners.ts", "test/helpers/fixtures.ts", "test/helpers/kept.ts"],
    reporters: ["verbose"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...time,
          name: "builds",
          include: ["test/real/**/*.test.ts"],
          exclude: [publishing],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...time,
          name: "publish",
          include: [publishing],
          maxWorkers: availableParallelism(),
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
