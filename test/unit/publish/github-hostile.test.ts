import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { listRemote, upload } from "../../../src/publish/github-assets.ts";
import { assertTag, createDraft, findReleases } from "../../../src/publish/github-release.ts";
import { textAsset } from "../../../src/set/assets.ts";
import { connect, type GitHub } from "../../../src/sys/github.ts";
import { quietTask } from "../../../src/sys/task.ts";
import { host } from "../../helpers/host.ts";

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback, and the logins that it got. */
async function serve(handle: Handle, address = "127.0.0.1") {
  const logins: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    logins.push(request.headers.authorization);
    response.on("error", () => undefined);
    request.resume();
    handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  const { port } = server.address() as AddressInfo;
  return {
    logins,
    url: `http://${address}:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const json =
  (value: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Handle =>
  (_request, response) =>
    response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(value));

const token = "ghs_token0123456789";
const place = { owner: "o", repo: "r" };
const commit = "c".repeat(40);
const text = { tag: "v1", name: "v1", prerelease: false, notes: "", commit };
const draft = { id: 1, tag_name: "v1", draft: true, body: "<!-- made by kovn-build -->", html_url: "http://x/", upload_url: "" };

/** The error of some work with a server; its message has no stack, and is short. */
async function refusalOf(handle: Handle, work: (github: GitHub, url: string) => Promise<unknown>) {
  await using server = await serve(handle);
  const github = await connect({ api: server.url, token, repository: undefined }, host);
  const error = await work(github, server.url).then(
    () => expect.unreachable("nothing was refused"),
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: "BuildError" });
  const { message } = error as Error;
  expect(message.length).toBeLessThan(600);
  return message;
}
const list = async (github: GitHub) => findReleases(github, place, "v1");

describe("an API address", () => {
  test.each([
    ["http://api.github.com", "has no TLS"],
    ["http://localhost.example.com/", "has no TLS"],
    ["http://128.0.0.1/", "has no TLS"],
    ["https://me:pass@api.github.com", "is not a plain URL"],
    ["https://api.github.com/?x=", "is not a plain URL"],
    ["file:///etc", "is not a plain URL"],
    ["", "is not a plain URL"],
  ])("%s is refused", async (api, why) => {
    const refused = connect({ api, token, repository: undefined }, host);
    await expect(refused).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(why) as string });
  });

  test("without TLS is asked, without the token, where it has TLS", async () => {
    const secure = "https://github.example.com/api/v3";
    await using proxy = await serve(json({}, 301, { location: secure }));
    const through = { ...host, env: { ...host.env, http_proxy: proxy.url } };
    const refused = connect({ api: "http://github.example.com/api/v3", token, repository: undefined }, through);
    await expect(refused).rejects.toMatchObject({ hint: `GITHUB_API_URL=${secure}, where that server redirects` });
    expect(proxy.logins).toEqual([undefined]);
  });

  test.each(["https://github.example.com/api/v3", "http://127.1:1", "http://[::1]:1", "http://localhost:1"])(
    "%s is taken",
    async (api) => void (await connect({ api, token, repository: undefined }, host)),
  );
});

describe("the token stays with the API's host", () => {
  test.each([
    ["another host", "127.0.0.2", (url: string) => url],
    ["a user of the same name", "127.0.0.2", (url: string) => url.replace("//", "//127.0.0.1@")],
    ["another scheme", "127.0.0.1", (url: string) => url.replace("http:", "https:")],
  ])("when `upload_url` names %s", async (_name, address, change) => {
    await using other = await serve(json({}), address);
    const bad = { id: 1, upload_url: `${change(other.url)}/up{?name,label}` };
    const work = async (github: GitHub) => upload(textAsset("a.txt", "a"), { github, place, draft: bad, task: quietTask });
    expect(await refusalOf(json([]), work)).toMatch(/^GitHub's answer names https?:.*: the token only goes to http:/);
    expect(other.logins).toEqual([]);
  });

  test("when `upload_url` is not an address", async () => {
    const work = async (github: GitHub) =>
      upload(textAsset("a.txt", "a"), { github, place, draft: { id: 1, upload_url: "http://[x" }, task: quietTask });
    expect(await refusalOf(json([]), work)).toContain("what is not an address");
  });

  test("when what is read is redirected, and what is written is not", async () => {
    await using other = await serve(json([]), "127.0.0.2");
    const away: Handle = (_request, response) => response.writeHead(307, { location: `${other.url}/x` }).end();
    await using server = await serve(away);
    const github = await connect({ api: server.url, token, repository: undefined }, host);
    expect(await listRemote(github, place, 1)).toEqual([]);
    expect([server.logins, other.logins]).toEqual([[`Bearer ${token}`], [undefined]]);
    await expect(createDraft(github, place, text)).rejects.toThrow(`GitHub redirects what should only create the draft of v1 to`);
    expect(other.logins).toHaveLength(1);
  });

  test("when the next page is elsewhere", async () => {
    await using other = await serve(json([]), "127.0.0.2");
    let left = 1;
    const pages: Handle = (request, response) =>
      json([], 200, left-- > 0 ? { link: `<${other.url}/next>; rel="next"` } : {})(request, response);
    await using server = await serve(pages);
    await list(await connect({ api: server.url, token, repository: undefined }, host));
    expect([server.logins.length, other.logins.length]).toEqual([2, 0]);
  });
});

describe("an answer is refused that", () => {
  const blanks = Buffer.alloc(1 << 20, " ");
  const endless: Handle = (_request, response) => {
    response.writeHead(200, { "content-type": "application/json" });
    const more = () => {
      while (response.write(blanks));
    };
    response.on("drain", more);
    more();
  };
  const bomb = gzipSync(Buffer.alloc(100 << 20, " "));
  const rows: Readonly<Record<string, readonly [Handle, (github: GitHub) => Promise<unknown>, RegExp]>> = {
    "does not end": [endless, list, /^The answer of 127\.0\.0\.1:\d+ has more than 33\.6 MB\.$/],
    "is a gzip bomb": [
      (_request, response) =>
        response.writeHead(200, { "content-type": "application/json", "content-encoding": "gzip" }).end(bomb),
      list,
      /has more than 33\.6 MB\.$/,
    ],
    "has pages without an end": [
      json([], 200, { link: '<http://x/>; rel="next"' }),
      list,
      /list the releases has no end: more than 100 pages/,
    ],
    "redirects without an end": [
      (_request, response) => response.writeHead(302, { location: "/again" }).end(),
      list,
      /after 5 other redirects/,
    ],
    "redirects to a file": [
      (_request, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(),
      list,
      /an address that is none/,
    ],
    "is a number": [json(5), list, /list the releases is not what its API describes/],
    "is nothing": [json(null), list, /list the releases is not what its API describes/],
    "has an id of the wrong type": [json([{ ...draft, id: "1" }]), list, /describes: id: /],
    "has an id below zero": [json([{ ...draft, id: -1 }]), list, /describes: id: /],
    "has a name of the wrong type": [json([{ ...draft, tag_name: {} }]), list, /describes: tag_name: /],
    "has too many items": [json(Array.from({ length: 101 }, () => draft)), list, /list the releases is not what/],
    "has no address": [json([{ ...draft, html_url: "javascript:x" }]), list, /describes: html_url: /],
    "is a draft of another tag": [
      json({ ...draft, tag_name: "v2" }),
      async (github) => createDraft(github, place, text),
      /draft of v2/,
    ],
    "is public instead of a draft": [
      json({ ...draft, draft: false }),
      async (github) => createDraft(github, place, text),
      /release of v1/,
    ],
    "is a chain of tags": [
      json({ object: { type: "tag", sha: commit } }),
      async (github) => assertTag(github, place, text),
      /Tag v1 in o\/r names another tag 10 times/,
    ],
    "names a commit that is none": [
      json({ object: { type: "commit", sha: "../x" } }),
      async (github) => assertTag(github, place, text),
      /read the tag v1 is not what its API describes: object\.sha/,
    ],
    "has nothing of what it should": [
      json({}),
      async (github) => assertTag(github, place, text),
      /describes: object is missing\.$/,
    ],
    "is an error that is a number": [json(5, 422), list, /^GitHub refused GET .*: 422 no reason given\.$/],
    "is an error that is nothing": [json(null, 422), list, /: 422 no reason given\.$/],
    "is an error without a message": [json({ message: { a: 1 } }, 422), list, /: 422 no reason given\.$/],
    "is a long error": [
      json({ message: "x".repeat(1e6), errors: Array.from({ length: 1e5 }, () => "y") }, 422),
      list,
      /: 422 x+\.$/,
    ],
    "asks to wait for ever": [json({}, 429, { "retry-after": "9".repeat(30) }), list, /rate limit is used up until \d{4}-/],
    "asks to wait for a day": [json({}, 503, { "retry-after": "86400" }), list, /^GitHub failed once: .* status 503\.$/],
    "asks to wait until a date": [
      json({}, 429, { "retry-after": "Fri, 31 Dec 9999 23:59:59 GMT" }),
      list,
      /rate limit is used up until \d{4}-/,
    ],
    "has no requests left for ever": [
      json({}, 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9".repeat(40) }),
      list,
      /rate limit is used up until \d{4}-/,
    ],
  };
  for (const [name, [handle, work, message]] of Object.entries(rows))
    test(name, { timeout: 30_000 }, async () => expect(await refusalOf(handle, work)).toMatch(message));
});
