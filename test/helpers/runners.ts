import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { isNightly } from "./nightly.ts";

/** The environment variable with the path of the socket on which command lines are taken. */
const variable = "KOVN_TEST_RUNNERS";

/** A command line of the program, in a folder and an environment. */
export interface CommandLine {
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How a program ended, and what it wrote. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Keeps processes ready that have loaded the program (`runner.mjs`), for the tests of a run: starting
 * Node and loading it takes longer than most commands. One that is idle takes the next command line;
 * those of one moment get a process each. The nightly workflow has none, so that each command line
 * there is a process of its own.
 */
export function setup(): () => Promise<void> {
  if (isNightly) return async () => undefined;
  const folder = mkdtempSync(join(tmpdir(), "kovn-runners-"));
  const path = join(folder, "socket");
  const all = new Set<ChildProcess>();
  const idle: ChildProcess[] = [];
  const server = createServer((socket) => {
    let request = "";
    socket.setEncoding("utf8").on("data", (piece: string) => {
      request += piece;
      if (request.endsWith("\n")) void serve(JSON.parse(request) as CommandLine, socket);
    });
  });
  const serve = async (line: CommandLine, socket: Socket) => {
    const runner = idle.pop() ?? startRunner();
    all.add(runner);
    let isDone = false;
    const giveUp = () => {
      if (!isDone) runner.kill("SIGKILL");
    };
    // A test that was given up.
    socket.on("error", giveUp).on("close", giveUp);
    const end = await endOf(runner, line);
    isDone = true;
    if (end === undefined) all.delete(runner);
    else idle.push(runner);
    socket.end(JSON.stringify(end ?? { exitCode: 128, stdout: "", stderr: "The process of this command ended.\n" }));
  };
  server.listen(path);
  process.env[variable] = path;
  return async () => {
    server.close();
    const ends = [...all].map((runner) => once(runner, "exit"));
    for (const runner of all) runner.kill("SIGKILL");
    await Promise.all(ends);
    rmSync(folder, { recursive: true });
  };
}

/** Runs a command line; undefined when its process ends. */
async function endOf(runner: ChildProcess, line: CommandLine): Promise<CliResult | undefined> {
  return new Promise((settle) => {
    const finish = (end: CliResult | undefined) => {
      runner.removeAllListeners();
      settle(end);
    };
    runner.once("message", (message) => finish(message as CliResult));
    runner.once("exit", () => finish(undefined)).once("error", () => finish(undefined));
    runner.send(line);
  });
}

function startRunner(): ChildProcess {
  const runner = fork(resolve("test/helpers/runner.mjs"), {
    env: { PATH: process.env["PATH"] ?? "" },
    execArgv: [],
    // No terminal, which the program would draw on.
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  runner.stderr?.pipe(process.stderr, { end: false });
  return runner;
}

/**
 * Runs a command line in a process that has loaded the program. Undefined where there is none, and
 * for an environment that Node reads at its start.
 */
export async function runReady(line: CommandLine): Promise<CliResult | undefined> {
  const path = process.env[variable];
  if (path === undefined || Object.keys(line.env).some((name) => name.startsWith("NODE_"))) return undefined;
  const socket = connect(path);
  socket.write(`${JSON.stringify(line)}\n`);
  return JSON.parse(await text(socket)) as CliResult;
}
