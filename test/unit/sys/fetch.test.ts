import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openFetch } from "../../../src/sys/fetch.ts";
import { startProxy } from "../../helpers/proxy.ts";
import { listen } from "../../helpers/server.ts";

const server: Server = createServer((request, response) => void request.pipe(response));
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

/** Which proxy a request takes, `one` or `two`; undefined for none. `$one` and `$two` are their addresses. */
async function proxyOf(url: string, env: Readonly<Record<string, string>>): Promise<"one" | "two" | undefined> {
  const hosts = { "code.test:80": port, "sub.code.test:80": port, [`127.0.0.1:${port}`]: port };
  await using one = await startProxy({ hosts });
  await using two = await startProxy({ hosts });
  const filled = Object.entries(env).map(([name, value]) => [name, value.replace("$one", one.url).replace("$two", two.url)]);
  const fetch = await openFetch(Object.fromEntries(filled) as Record<string, string>);
  // A name that only a proxy knows, and the other end of a tunnel, are not there.
  await fetch(url.replace("$port", String(port)), { signal: AbortSignal.timeout(10_000) }).then(
    (response) => response.text(),
    () => undefined,
  );
  return one.seen.length > 0 ? "one" : two.seen.length > 0 ? "two" : undefined;
}

const direct = "http://127.0.0.1:$port/x";
const plain = "http://code.test/x";
const rows: Readonly<Record<string, readonly [env: Record<string, string>, url: string, proxy: "one" | "two" | undefined]>> = {
  "this machine without TLS": [{ http_proxy: "$one", ALL_PROXY: "$two" }, direct, undefined],
  "this machine by its name": [{ http_proxy: "$one" }, "http://localhost:$port/x", undefined],
  "this machine, IPv6": [{ http_proxy: "$one" }, "http://[::1]:$port/x", undefined],
  "no variable": [{}, direct, undefined],
  "http_proxy for http": [{ http_proxy: "$one", https_proxy: "$two" }, "http://code.test/x", "one"],
  "https_proxy for https": [{ http_proxy: "$one", https_proxy: "$two" }, "https://code.test/x", "two"],
  "http_proxy is not for https": [{ http_proxy: "$one" }, "https://127.0.0.1:$port/x", undefined],
  "https_proxy is not for http": [{ https_proxy: "$one" }, direct, undefined],
  HTTP_PROXY: [{ HTTP_PROXY: "$one" }, plain, "one"],
  HTTPS_PROXY: [{ HTTPS_PROXY: "$one" }, "https://code.test/x", "one"],
  "all_proxy for http": [{ all_proxy: "$one" }, plain, "one"],
  "ALL_PROXY for https": [{ ALL_PROXY: "$one" }, "https://code.test/x", "one"],
  "all_proxy where the scheme has its own": [{ all_proxy: "$one", http_proxy: "$two" }, plain, "two"],
  "small letters before capital ones": [{ http_proxy: "$one", HTTP_PROXY: "$two" }, plain, "one"],
  "an empty value": [{ http_proxy: "", HTTP_PROXY: "" }, direct, undefined],
  "no_proxy with the host": [{ http_proxy: "$one", no_proxy: "localhost,code.test" }, plain, undefined],
  "NO_PROXY with the host and another port": [{ http_proxy: "$one", NO_PROXY: "code.test:1" }, plain, "one"],
  "no_proxy with everything": [{ http_proxy: "$one", no_proxy: "*" }, direct, undefined],
  "no_proxy with a domain": [{ http_proxy: "$one", no_proxy: "code.test" }, "http://sub.code.test/x", undefined],
  "no_proxy with a domain and a dot": [{ http_proxy: "$one", no_proxy: ".code.test" }, "http://sub.code.test/x", undefined],
  "no_proxy with the end of a name": [{ http_proxy: "$one", no_proxy: "de.test" }, "http://code.test/x", "one"],
};

describe("a request takes the proxy of", () => {
  for (const [name, [env, url, proxy]] of Object.entries(rows))
    test(`${name}: ${proxy ?? "none"}`, async () => expect(await proxyOf(url, env)).toBe(proxy));
});

test("a proxy gets plain requests as they are, also without a scheme in its address, and its login", async () => {
  await using proxy = await startProxy({ hosts: { "code.test:80": port }, login: "me:pa/ss@wo:rd" });
  const fetch = await openFetch({ http_proxy: `me:pa%2Fss%40wo%3Ard@127.0.0.1:${proxy.port}` });
  async function* pieces() {
    yield* [Buffer.from("a"), Buffer.from("b")];
  }
  const small = await fetch("http://code.test/x?y", { method: "POST", body: "text" });
  const large = await fetch("http://code.test/z", { method: "POST", headers: { "content-length": "2" }, body: pieces });
  expect([await small.text(), await large.text()]).toEqual(["text", "ab"]);
  expect(proxy.seen).toEqual(["POST http://code.test/x?y", "POST http://code.test/z"]);
});

describe("a proxy that cannot be used is refused, without its password", () => {
  const refuse = async (env: Readonly<Record<string, string>>, message: string) => {
    const error = await openFetch(env).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "usage", message: expect.stringContaining(message) as string });
    expect(JSON.stringify([String(error), error])).not.toContain("secret");
  };
  test("because of its scheme", () =>
    refuse({ ALL_PROXY: "socks5h://me:secret@proxy" }, "The proxy in ALL_PROXY has the scheme `socks5h://`: expected"));
  test("because it is not an address", () =>
    refuse({ https_proxy: "http://me:secret@proxy:port" }, "The proxy in https_proxy is not an address: expected"));
});

test("a proxy that refuses is the reason, also of a tunnel, and with what is sent", async () => {
  await using proxy = await startProxy({ login: "me:right" });
  const fetch = await openFetch({ all_proxy: `http://me:wrong@127.0.0.1:${proxy.port}` });
  const pieces = async function* () {
    yield Buffer.from("a");
  };
  const large = { method: "POST", headers: { "content-length": "1" }, body: pieces };
  for (const url of ["http://code.test", "https://code.test"])
    for (const init of [{}, large]) {
      const error = await fetch(url, init).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "network", message: "The proxy in all_proxy refuses the login: status 407." });
      expect(JSON.stringify(error)).not.toContain("wrong");
    }
});

test("a server that cannot be reached at any of its addresses is the reason", async () => {
  const closed = await listen(() => undefined);
  await closed.close();
  const fetch = await openFetch({});
  await expect(fetch(`http://localhost:${closed.port}`, {})).rejects.toThrow("ECONNREFUSED");
});
