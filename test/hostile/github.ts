import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { pick, type Chance } from "../fuzz/mutate.ts";
import type { startGitHub } from "../helpers/github.ts";
import { harmBytes, harmJson } from "./harm.ts";

const headers: readonly (readonly [string, string])[] = [
  ["retry-after", "-1"],
  ["retry-after", "Thu, 01 Jan 1970 00:00:00 GMT"],
  ["retry-after", `1${"0".repeat(30)}`],
  ["retry-after", "soon"],
  ["x-ratelimit-reset", "-5"],
  ["x-ratelimit-reset", "9".repeat(30)],
  ["location", "http://192.0.2.1/x"],
  ["location", "//example.com/x"],
  ["link", '<http://192.0.2.1/?page=2>; rel="next"'],
  ["link", `${"<".repeat(5000)}; rel="next"`],
  ["content-type", "text/html"],
  ["content-encoding", "gzip"],
  ["content-length", "99999999999"],
];
const statuses = [200, 201, 204, 302, 304, 400, 401, 403, 404, 409, 418, 422, 429, 500] as const;

/**
 * A server in front of the fixture's, which harms one of its answers: the body, a header or the
 * status, or it sends blanks without end.
 */
export async function startHostileGitHub(behind: Awaited<ReturnType<typeof startGitHub>>, chance: Chance) {
  const harmed = 1 + Math.floor(chance() * 6);
  const kind = pick(chance, ["json", "json", "json", "bytes", "header", "status", "endless"]);
  let count = 0;
  const server = createServer((request, response) => {
    const answer = async () => {
      const body: Buffer[] = [];
      for await (const piece of request) body.push(piece as Buffer);
      const method = request.method ?? "GET";
      const own = Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name));
      const real = await fetch(`${behind.url}${request.url}`, {
        method,
        headers: own.map(([name, value]) => [name, String(value)] as [string, string]),
        ...(["GET", "HEAD"].includes(method) ? {} : { body: Buffer.concat(body) }),
      });
      let text = (await real.text()).replaceAll(behind.url, `http://${request.headers.host}`);
      let { status } = real;
      const more: [string, string][] = [["content-type", real.headers.get("content-type") ?? "application/json"]];
      if (++count === harmed) {
        if (kind === "json" && /^[[{]/.test(text)) text = harmJson(text, chance);
        if (kind === "bytes") text = harmBytes(Buffer.from(text), chance).toString("latin1");
        if (kind === "header") more.push([...pick(chance, headers)]);
        if (kind === "status" || kind === "header") status = pick(chance, statuses);
        if (kind === "endless") return endless(response);
      }
      response.writeHead(status, more.flat());
      response.end(text);
    };
    void answer().catch(() => void response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    what: `answer ${harmed}: ${kind}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends blanks until the client has enough. */
function endless(response: ServerResponse): void {
  const blanks = Buffer.alloc(1024 * 1024, 32);
  const send = () => {
    while (!response.destroyed && response.write(blanks));
  };
  response.writeHead(200, { "content-type": "application/json" });
  response.on("drain", send);
  send();
}
