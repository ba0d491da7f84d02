import { expect, test } from "vitest";
import { adviseRetry, type Advice, type Fault } from "../../../src/sys/retry.ts";

const now = 1_000_000_000;
const limited = (seconds: number): Advice => ({ kind: "limited", wait: seconds * 1000 });
const passing = (milliseconds: number): Advice => ({ kind: "passing", wait: milliseconds });

const rows: Readonly<Record<string, readonly [fault: Partial<Fault>, attempt: number, expected: Advice | undefined]>> = {
  "no response": [{}, 1, passing(500)],
  "no response for the fourth time": [{}, 4, passing(4000)],
  "no response for the twentieth time": [{}, 20, passing(30_000)],
  "502": [{ status: 502 }, 2, passing(1000)],
  "503 that states a time": [{ status: 503, headers: { "retry-after": "7" } }, 2, passing(7000)],
  "429 that states a time": [{ status: 429, headers: { "retry-after": 3 } }, 1, limited(3)],
  "429 that states nothing": [{ status: 429 }, 1, limited(60)],
  "a secondary limit": [{ status: 403, headers: { "retry-after": "60" } }, 1, limited(60)],
  "a secondary limit only stated in words": [
    { status: 403, message: "You have exceeded a secondary rate limit." },
    1,
    limited(60),
  ],
  "the primary limit": [
    { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(now / 1000 + 90) } },
    1,
    limited(90),
  ],
  "the primary limit, already over": [
    { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" } },
    1,
    limited(1),
  ],
  "429 until a date": [{ status: 429, headers: { "retry-after": new Date(now + 9000).toUTCString() } }, 1, limited(9)],
  "429 until a date that is over": [{ status: 429, headers: { "retry-after": new Date(0).toUTCString() } }, 1, limited(0)],
  "429 with a time below zero": [{ status: 429, headers: { "retry-after": "-5" } }, 1, limited(60)],
  "429 with a time that is none": [{ status: 429, headers: { "retry-after": "NaN" } }, 1, limited(60)],
  "429 with a part of a second": [{ status: 429, headers: { "retry-after": "1e3" } }, 1, limited(60)],
  "429 that states more than there is": [{ status: 429, headers: { "retry-after": "9".repeat(400) } }, 1, limited(1e10)],
  "a primary limit below zero": [
    { status: 403, headers: { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "-1" } },
    1,
    limited(60),
  ],
  "a missing permission": [{ status: 403, headers: { "x-ratelimit-remaining": "4999" } }, 1, undefined],
  "a wrong token": [{ status: 401 }, 1, undefined],
  "a refused body": [{ status: 422 }, 1, undefined],
};

for (const [name, [fault, attempt, expected]] of Object.entries(rows))
  test(`${name}: ${expected === undefined ? "no further attempt" : `retry after ${expected.wait} ms`}`, () => {
    expect(adviseRetry({ status: undefined, headers: {}, message: "", ...fault }, attempt, now, 0.5)).toEqual(expected);
  });

test("the waits of simultaneous requests differ by up to a quarter", () => {
  const wait = (random: number) => adviseRetry({ status: undefined, headers: {}, message: "" }, 1, now, random)?.wait;
  expect([wait(0), wait(1)]).toEqual([375, 625]);
});
