// Runs command lines of the compiled program, one after the other, as a process of its own would run
// each: with its own folder, environment and output, until nothing of it is left to wait for.
// `runners.ts` starts this and sends them.
import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const cli = resolve("build/cli.js");
const emitters = [process, process.stdout, process.stderr];
const { title } = process;
let count = 0;

process.on("message", async (request) => {
  process.send(await runCommand(request));
});
process.on("disconnect", () => process.exit());

async function runCommand({ cwd, args, env }) {
  await turn();
  const idle = resources();
  const forget = noteListeners();
  const written = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"])
    process[name].write = (text, ...more) => {
      written[name] += text;
      more.at(-1)?.();
      return true;
    };
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.chdir(cwd);
  process.argv = [process.execPath, cli, ...args];
  try {
    // Only this module is new each time: what it imports stays, so no command may leave a state there.
    count += 1;
    await import(`${pathToFileURL(cli)}?run=${count}`);
    await until(() => resources() === idle, args);
  } catch (error) {
    written.stderr += `${error?.stack ?? error}\n`;
    process.exitCode = 1;
  }
  const exitCode = process.exitCode ?? 0;
  forget(exitCode);
  process.exitCode = undefined;
  if (process.title !== title) process.title = title;
  process.chdir("/");
  for (const name of ["stdout", "stderr"]) delete process[name].write;
  return { exitCode, ...written };
}

/** Returns a function that removes the listeners added since; those of "exit" are called. */
function noteListeners() {
  const before = emitters.map((one) => new Set(one.eventNames().flatMap((name) => one.rawListeners(name))));
  return (exitCode) => {
    for (const [index, one] of emitters.entries())
      for (const name of one.eventNames())
        for (const listener of one.rawListeners(name)) {
          if (before[index].has(listener)) continue;
          if (one === process && name === "exit") listener.call(process, exitCode);
          one.removeListener(name, listener);
        }
  };
}

/** What keeps this process from its end, such as an open connection; sorted. */
function resources() {
  const found = process.getActiveResourcesInfo().filter((name) => name !== "Immediate");
  return found.toSorted().join(" ");
}

/** Waits as a process does at its end: what is never closed is waited for forever. */
async function until(holds, words) {
  for (let round = 0; !holds(); round++) {
    if (round === 1000) writeSync(2, `kovn-build ${words.join(" ")} does not end: ${resources()}\n`);
    await (round < 20 ? turn() : sleep(5));
  }
}
