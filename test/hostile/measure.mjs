// Loaded before the program: at its end, writes the most memory that it had, in bytes.
import { readFileSync, writeFileSync } from "node:fs";

process.on("exit", () => {
  if (String(process.ppid) !== process.env.HOSTILE_PARENT) return;
  // Not `resourceUsage`, which begins with the memory of the process that started this one.
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"));
  writeFileSync(process.env.HOSTILE_MEMORY, String(kilobytes * 1024));
});
