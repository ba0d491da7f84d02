import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import { findLogin } from "../../../src/sys/registry-login.ts";
import { makeBin } from "../../helpers/bin.ts";
import { test } from "../../helpers/folder.ts";
import { host } from "../../helpers/host.ts";

const repository = { host: "registry.example.com", api: "https://registry.example.com", name: "o/deep/packages" };
const auth = (text: string) => ({ auth: Buffer.from(text).toString("base64") });

/** Finds a login with files and variables; paths are below the folder, which is the home. */
async function find(
  folder: string,
  files: Readonly<Record<string, unknown>>,
  { env = {}, of = repository }: { readonly env?: Readonly<Record<string, string>>; readonly of?: typeof repository } = {},
) {
  for (const [path, value] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), typeof value === "string" ? value : JSON.stringify(value));
  }
  const hidden: string[] = [];
  const userEnv = { HOME: folder, PATH: process.env["PATH"] ?? "", ...env };
  const login = await findLogin(of, { ...host, userEnv, hide: (secret) => void hidden.push(secret) });
  return login === undefined ? undefined : { ...login, from: login.from.replace(`${folder}/`, ""), hidden };
}

const docker = ".docker/config.json";

test("the files of docker and podman are read, those of podman first, and what they say is a secret", async ({ folder }) => {
  expect(await find(folder, {})).toBeUndefined();
  const files = { [docker]: { auths: { "registry.example.com": auth("pat:first:one") } } };
  expect(await find(folder, files)).toMatchObject({
    kind: "password",
    user: "pat",
    password: "first:one",
    from: docker,
    hidden: ["first:one"],
  });
  const podman = { ".config/containers/auth.json": { auths: { "registry.example.com": auth("pat:second") } } };
  expect(await find(folder, podman)).toMatchObject({ password: "second", from: ".config/containers/auth.json" });
  const run = { "run/containers/auth.json": { auths: { "registry.example.com": auth("pat:third") } } };
  expect(await find(folder, run, { env: { XDG_RUNTIME_DIR: join(folder, "run") } })).toMatchObject({ password: "third" });
  const other = { other: { auths: { "registry.example.com": auth("pat:fourth") } } };
  expect(await find(folder, other, { env: { REGISTRY_AUTH_FILE: join(folder, "other") } })).toMatchObject({ password: "fourth" });
  const inline = JSON.stringify({ auths: { "registry.example.com": auth("pat:fifth") } });
  expect(await find(folder, {}, { env: { DOCKER_AUTH_CONFIG: inline } })).toMatchObject({
    password: "fifth",
    from: "DOCKER_AUTH_CONFIG",
  });
  expect(await find(folder, {}, { env: { DOCKER_AUTH_CONFIG: '{"auths":{}}' } })).toMatchObject({ password: "second" });
});

test("the longest name wins; another registry's login is never taken", async ({ folder }) => {
  const auths = {
    "registry.example.com": auth("pat:host"),
    "registry.example.com/o": auth("pat:owner"),
    "registry.example.com/other/x": auth("pat:other"),
    "docker.io": auth("pat:hub"),
  };
  expect(await find(folder, { [docker]: { auths } })).toMatchObject({ password: "owner" });
  expect(await find(folder, {}, { of: { ...repository, host: "evil-registry.example.com" } })).toBeUndefined();
});

test("Docker Hub has a name of its own, and a token is a login too", async ({ folder }) => {
  const hub = { host: "docker.io", api: "https://registry-1.docker.io", name: "o/packages" };
  const auths = { "https://index.docker.io/v1/": { ...auth("pat:x"), identitytoken: "a-token" } };
  expect(await find(folder, { [docker]: { auths } }, { of: hub })).toMatchObject({
    kind: "token",
    token: "a-token",
    hidden: ["a-token"],
  });
});

test("a helper is asked for a registry of its own, and for all others", async ({ folder }) => {
  const answer = (secret: string, name = "pat") => `echo '${JSON.stringify({ Username: name, Secret: secret })}'`;
  await using bin = await makeBin({
    "docker-credential-one": `read key; test "$key" = registry.example.com && ${answer("of-one")}`,
    "docker-credential-all": `read key; case "$key" in other.example.com) ${answer("of-all", "<token>")};; *) echo "credentials not found"; exit 1;; esac`,
  });
  const env = { PATH: `${bin.path}:${process.env["PATH"]}` };
  const files = { [docker]: { credHelpers: { "registry.example.com": "one" }, credsStore: "all" } };
  expect(await find(folder, files, { env })).toMatchObject({ password: "of-one", from: `docker-credential-one (${docker})` });
  expect(await find(folder, files, { env, of: { ...repository, host: "other.example.com" } })).toMatchObject({
    kind: "token",
    token: "of-all",
  });
  expect(await find(folder, files, { env, of: { ...repository, host: "third.example.com" } })).toBeUndefined();
});

test("a file that is not one of logins is reported without its text", async ({ folder }) => {
  for (const text of ['{"auths": {"registry.example.com": "hunter22"}}', "hunter22"]) {
    const failed = find(folder, { [docker]: text });
    await expect(failed).rejects.toMatchObject({
      code: "usage",
      message: `${folder}/${docker} is not a file of logins, as docker and podman write it.`,
    });
    await expect(failed).rejects.not.toHaveProperty("cause.message", expect.stringContaining("hunter22"));
  }
  await expect(find(folder, {}, { env: { REGISTRY_AUTH_FILE: "/nowhere" } })).rejects.toThrow(
    "The logins in /nowhere cannot be read",
  );
});
