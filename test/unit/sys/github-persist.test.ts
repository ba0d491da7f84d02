import { expect, test } from "vitest";
import { makePersist } from "../../../src/sys/github-persist.ts";
import { Stalled } from "../../../src/sys/watch-progress.ts";
import { makeMask } from "../../../src/sys/mask.ts";
import { pauseBetweenWrites } from "../../../src/sys/retry.ts";
import { host } from "../../helpers/host.ts";

const answer = (data: unknown, status: 200 | 204 = 200) => ({ status, url: "", headers: {}, data });
const lost = () => Object.assign(new Error("connection lost"), { name: "HttpError" });
const quick = { what: "do it", observe: undefined, isWrite: false };

test("requests that change something start a pause apart, others at once", async () => {
  const persist = makePersist(host, 100);
  const started: Record<"read" | "write", number[]> = { read: [], write: [] };
  const run = async (kind: "read" | "write") =>
    persist({ ...quick, isWrite: kind === "write" }, async () => {
      started[kind].push(Date.now());
      return answer({});
    });
  await Promise.all([run("write"), run("write"), run("read"), run("write"), run("read")]);
  const [first = 0, second = 0, third = 0] = started.write;
  // What is measured here starts some milliseconds later than what is held apart.
  expect(second - first).toBeGreaterThanOrEqual(60);
  expect(third - second).toBeGreaterThanOrEqual(60);
  expect(Math.max(...started.read)).toBeLessThan(second);
});

test("a second attempt looks first, and what it finds is the answer", async () => {
  const steps: string[] = [];
  const attempt = async () => {
    steps.push("attempt");
    throw lost();
  };
  const observe = async () => {
    steps.push("observe");
    return steps.length > 3 ? "found" : undefined;
  };
  expect(await makePersist(host, 0)({ ...quick, observe }, attempt)).toMatchObject({ data: "found" });
  expect(steps).toEqual(["attempt", "observe", "attempt", "observe"]);
});

test.for([
  ["text", answer('{"id": 1')],
  ["no bytes", answer(new ArrayBuffer(0))],
])("an answer that was cut off, and arrives as %s, is asked for again", async ([, cut]) => {
  const notices: string[] = [];
  const task = { ...host.task, notice: (message: string) => void notices.push(message) };
  const answers = [cut, answer({ id: 1 })].values();
  const attempt = async () => answers.next().value ?? answer(undefined);
  expect(await makePersist({ ...host, task }, 0)(quick, attempt as () => Promise<never>)).toMatchObject({ data: { id: 1 } });
  expect(notices).toEqual([expect.stringMatching(/^GitHub: do it: unreadable response; retrying in 0\.\d s$/)]);
});

test("a request in which nothing happens is given up after three attempts", async () => {
  const stalled = () => Object.assign(new Error("no progress"), { name: "HttpError", cause: new Stalled("no progress") });
  let count = 0;
  const attempt = async () => {
    count++;
    throw stalled();
  };
  await expect(makePersist(host, 0)(quick, attempt)).rejects.toThrow("GitHub failed 3 times: do it: no response: no progress.");
  expect(count).toBe(3);
});

test("a secret in a server's message is masked before it is cut", async () => {
  const mask = makeMask({ MY_TOKEN: "value-of-token" });
  const message = `${"x".repeat(294)}value-of-token`;
  const refused = () => Object.assign(new Error(message), { name: "HttpError", response: { status: 422, headers: {} } });
  const attempt = async () => Promise.reject(refused());
  await expect(makePersist({ ...host, mask }, 0)(quick, attempt)).rejects.toThrow(/x\*{3}\.$/);
});

test("an answer without content is whole", async () => {
  const attempt = async () => answer("", 204);
  expect(await makePersist(host, 0)(quick, attempt)).toMatchObject({ status: 204 });
});

test.for([
  ["https://api.github.com", 1000],
  ["https://api.acme.ghe.com", 1000],
  ["https://github.acme.com/api/v3", 0],
  ["https://notapi.github.com.acme.com", 0],
] as const)("%s gets a pause of %i ms between two changes", ([api, pause]) => expect(pauseBetweenWrites(api)).toBe(pause));
