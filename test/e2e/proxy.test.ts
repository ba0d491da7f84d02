import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { zipSync } from "fflate";
import { describe, expect } from "vitest";
import { sha256 } from "../../src/sys/files.ts";
import { kovnBuild } from "../helpers/cli.ts";
import { test } from "../helpers/folder.ts";
import { expectPublished, makeTagged, readSet } from "../helpers/github-publish.ts";
import { startGitHub } from "../helpers/github.ts";
import { makeProject, pipelineYaml } from "../helpers/project.ts";
import { startProxy, startTls } from "../helpers/proxy.ts";

const password = "th3-pa/sxq@rd";
const addressOf = ({ port }: { readonly port: number }) => `http://me:${encodeURIComponent(password)}@127.0.0.1:${port}`;

describe("publish --to github", () => {
  test("goes through a tunnel of the proxy, with a second between what it changes, and never shows the password", async ({
    folder,
  }) => {
    const { project, dist, commit } = await makeTagged(folder);
    await using server = await startGitHub({ tags: { "v1.0.0": commit }, address: "https://api.github.com" });
    await using tls = await startTls(folder, "api.github.com", server.port);
    await using proxy = await startProxy({ hosts: { "api.github.com:443": tls.port }, login: `me:${password}` });
    const times: number[] = [];
    server.state.options = { before: ({ method }) => void (method === "GET" || times.push(Date.now())) };
    const env = { ...server.env, https_proxy: addressOf(proxy), NODE_EXTRA_CA_CERTS: tls.cert };
    const { exitCode, stdout, stderr } = await kovnBuild(project, ["publish", "--to", "github"], env);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    await expectPublished(server, await readSet(dist));
    expect(new Set(proxy.seen)).toEqual(new Set(["CONNECT api.github.com:443"]));
    for (const text of [password, encodeURIComponent(password)]) expect(stdout + stderr).not.toContain(text);
    // The draft, seven assets, the switch. The first may arrive late.
    expect(times).toHaveLength(9);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(6000);
  });

  test("sends what goes to this machine without TLS to no proxy, which could read the token", async ({ folder }) => {
    const { project, dist, commit } = await makeTagged(folder);
    await using server = await startGitHub({ tags: { "v1.0.0": commit } });
    await using proxy = await startProxy({ hosts: { [`127.0.0.1:${server.port}`]: server.port } });
    const env = { ...server.env, HTTP_PROXY: proxy.url, ALL_PROXY: proxy.url };
    expect(await kovnBuild(project, ["publish", "--to", "github"], env)).toMatchObject({ exitCode: 0 });
    await expectPublished(server, await readSet(dist));
    expect(proxy.seen).toEqual([]);
  });
});

test("the step `download` goes through the proxy, and a refused login is reported without the password", async ({ folder }) => {
  const archive = zipSync({ "greeting.txt": Buffer.from("hello from far away\n") });
  const server = createServer((_, response) => response.end(archive));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  await using proxy = await startProxy({
    hosts: { "code.test:80": (server.address() as AddressInfo).port },
    login: `me:${password}`,
  });
  const step = `      - uses: download
        with: { url: 'http://code.test/code.zip', sha256: ${sha256(archive)}, folder: code }
`;
  const pipeline = pipelineYaml("cp ../code/greeting.txt ../out/").replace(
    "      - uses: shell\n",
    `${step}      - uses: shell\n`,
  );
  const project = await makeProject(folder, { "pipelines/test.yaml": pipeline });
  const refused = await kovnBuild(project, ["--target", "linux"], { ALL_PROXY: addressOf(proxy).replace("rd@", "rt@") });
  expect(refused).toMatchObject({ exitCode: 1 });
  expect(refused.stderr).toContain("The proxy in all_proxy refuses the login: status 407.");
  expect(refused.stdout + refused.stderr).not.toContain("sxq");
  expect(await kovnBuild(project, ["--target", "linux"], { ALL_PROXY: addressOf(proxy) })).toMatchObject({ exitCode: 0 });
  expect(proxy.seen).toEqual(Array.from({ length: 2 }, () => "GET http://code.test/code.zip"));
  server.close();
});

test("git gets the proxy as well, also from a variable in capital letters", async ({ folder }) => {
  await using proxy = await startProxy({});
  const project = await makeProject(folder);
  const args = ["--target", "linux", "--from", "demo=http://code.test/demo.git"];
  expect(await kovnBuild(project, args, { HTTP_PROXY: proxy.url })).toMatchObject({ exitCode: 1 });
  expect(proxy.seen[0]).toMatch(/^GET http:\/\/code\.test\/demo\.git\/info\/refs/);
});
