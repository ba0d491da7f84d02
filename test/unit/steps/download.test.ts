import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { zipSync } from "fflate";
import { expect } from "vitest";
import { download } from "../../../src/steps/download.ts";
import { sha256 } from "../../../src/sys/files.ts";
import { test } from "../../helpers/folder.ts";
import { aStepContext } from "../../helpers/step.ts";

const archive = zipSync({ "code/Makefile": Buffer.from("all:\n") });

/**
 * Runs the step in a folder against a server that has the archive at /code.zip; `change` is what
 * the pipeline says otherwise.
 */
async function run(dir: string, change: { readonly path?: string; readonly digest?: string; readonly close?: boolean } = {}) {
  const server: Server = createServer((request, response) => {
    response.statusCode = request.url === "/code.zip" ? 200 : 404;
    response.end(archive);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${change.path ?? "/code.zip"}`;
  const close = async () => new Promise((resolve) => server.close(resolve));
  if (change.close === true) await close();
  try {
    await download.run({ url, sha256: change.digest ?? sha256(archive), folder: "code" }, aStepContext(dir));
  } finally {
    await close();
  }
}

test("an archive is downloaded, checked and unpacked", async ({ folder }) => {
  await run(folder);
  expect(await readFile(join(folder, "code/code/Makefile"), "utf8")).toBe("all:\n");
});

test("an archive with another sha256 is refused, and nothing is unpacked", async ({ folder }) => {
  await expect(run(folder, { digest: "0".repeat(64) })).rejects.toMatchObject({ code: "digest" });
  await expect(readFile(join(folder, "code/code/Makefile"))).rejects.toMatchObject({ code: "ENOENT" });
});

test("a missing archive and a server that cannot be reached are network errors", async ({ folder }) => {
  await expect(run(folder, { path: "/other.zip" })).rejects.toMatchObject({ code: "network", message: /status 404/ });
  await expect(run(folder, { close: true })).rejects.toMatchObject({
    code: "network",
    message: /cannot be downloaded: .*ECONNREFUSED/,
  });
});
