import { readFile } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { execa } from "execa";

export interface ProxyOptions {
  /** Where names lead: a port of the loopback address by `host:port`. Others are refused. */
  readonly hosts?: Readonly<Record<string, number>>;
  /** `user:password` that each request must have. */
  readonly login?: string;
}

/** A proxy on loopback, for plain requests and for tunnels. */
export async function startProxy({ hosts = {}, login }: ProxyOptions) {
  /** What was asked for: `GET http://host/path` or `CONNECT host:port`. */
  const seen: string[] = [];
  const expected = login === undefined ? undefined : `Basic ${Buffer.from(login).toString("base64")}`;
  /** The port that a name leads to, or the status of the refusal. */
  const wayOf = (host: string, given: string | undefined) => (given === expected ? { port: hosts[host] } : { status: 407 });
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const { host, pathname, search } = new URL(request.url ?? "");
    const { "proxy-authorization": given, ...headers } = request.headers;
    const { port, status = 502 } = wayOf(host.includes(":") ? host : `${host}:80`, given);
    if (port === undefined) {
      response.writeHead(status).end();
      return;
    }
    const onward = send({ host: "127.0.0.1", port, method: request.method, path: pathname + search, headers });
    onward.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    for (const side of [onward, request]) side.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connect", (request, socket) => {
    seen.push(`CONNECT ${request.url}`);
    socket.on("error", () => undefined);
    const { port, status = 502 } = wayOf(request.url ?? "", request.headers["proxy-authorization"]);
    if (port === undefined) {
      socket.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
      return;
    }
    const onward = connect(port, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.pipe(socket).pipe(onward);
    });
    onward.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    seen,
    port,
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/**
 * A server on loopback that takes TLS off and passes all on to a port. Its certificate for a name is
 * left in `<folder>/cert.pem`, for NODE_EXTRA_CA_CERTS.
 */
export async function startTls(folder: string, name: string, to: number) {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  await execa("openssl", ["req", "-x509", ...curve, ...subject, "-keyout", key, "-out", cert]);
  const server = createTlsServer({ key: await readFile(key), cert: await readFile(cert) }, (socket) => {
    const onward = connect(to, "127.0.0.1");
    for (const side of [socket, onward]) side.on("error", () => [socket, onward].forEach((one) => one.destroy()));
    onward.pipe(socket).pipe(onward);
  });
  server.on("tlsClientError", () => undefined);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cert,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
