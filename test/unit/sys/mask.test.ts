import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeMask } from "../../../src/sys/mask.ts";

describe("a mask", () => {
  const here = import.meta.dirname;
  const mask = makeMask({
    GITHUB_TOKEN: "ghp_0123456789",
    LONGER_TOKEN: "ghp_0123456789abc",
    SIGNING_KEY: "-----BEGIN-----\r\nsecretline\r\n",
    SHORT_TOKEN: "yes",
    EMPTY_TOKEN: "",
    HOME: "/home/somebody",
    UNSET_SECRET: undefined,
    https_proxy: "http://me:pass%2Fword@proxy:3128",
    ALL_PROXY: "me:without@scheme@proxy:3128",
    http_proxy: "http://proxy:3128",
    GH_PAT: "value-of-pat",
    npm_config__auth: "value-of-npm-auth",
    MYSQL_PWD: "value-of-pwd",
    DB_PASS: `of "pass" \\ & more`,
    AUTHORIZATION: "Basic value-of-header",
    NPM_AUTH: Buffer.from("me:value-of-login").toString("base64"),
    DEPLOY_KEY: "value-of-key",
    SLACK_WEBHOOK_URL: "https://example.com/hook/value-of-hook",
    NPMRC: "//registry.example.com/:_authToken=value-of-npmrc\n",
    GCP_CREDENTIALS: `{"type":"service_account","private_key":"first-line\\nsecond-line"}`,
    CLONE_URL: "https://value-of-user@example.com/x.git",
    REDIS: "redis://:value-of-redis@cache:6379",
    GIT_CONFIG_VALUE_0: "Authorization: Basic dmFsdWUtb2YtYmFzaWM=",
    PWD: "/somewhere/else",
    TOKEN_DIR: "/run/token-folder",
    PASSWORD_FILE: "/run/password-file",
    KEY_PATH: "/run/keys/path-of-key",
    SSH_AUTH_SOCK: "/run/agent.socket",
    SECRET_HOME: "/run/home-of-secrets",
    PLACE_OF_TOKEN: here,
    GIT_AUTHOR_NAME: "Some Author",
    PATH: "/usr/bin:/bin",
  });
  mask.add("value-that-was-added");
  const at = (text: string) => Buffer.from(text).toString("base64");

  const cases: Readonly<Record<string, readonly [string, string]>> = {
    "masks a token anywhere": ["a ghp_0123456789, ghp_0123456789", "a ***, ***"],
    "masks the longer of two with the same start": ["ghp_0123456789abc", "***"],
    "masks each line of a key": ["x secretline", "x ***"],
    "keeps short values": ["yes", "yes"],
    "keeps other variables": ["/home/somebody Some Author", "/home/somebody Some Author"],
    "masks the password of a proxy, encoded or not": ["pass%2Fword pass/word", "*** ***"],
    "masks the password of a proxy without a scheme": ["me:without@scheme@proxy", "me:***@proxy"],
    "keeps the name of a proxy": ["http://proxy:3128", "http://proxy:3128"],
    "masks the user and the password in an address": ["https://me:p@host/x, http://h:80/", "https://***@host/x, http://h:80/"],
    "masks a user who is a token": ["https://tok@host/x.git", "https://***@host/x.git"],
    "masks the password of an address of ssh": ["ssh://git:hidden@host/x", "ssh://git:***@host/x"],
    "keeps the user of an address of ssh": ["ssh://git@host/x git@host:x", "ssh://git@host/x git@host:x"],
    "keeps an @ after the host": ["https://host/@user https://host?to=a@b", "https://host/@user https://host?to=a@b"],
    "masks a secret in a query": ["https://h/?a=1&access_token=x&b=2", "https://h/?a=1&access_token=***&b=2"],
    "masks an access token": ["value-of-pat", "***"],
    "masks the login of npm": ["value-of-npm-auth", "***"],
    "masks a password": ["value-of-pwd", "***"],
    "masks a header": ["value-of-header", "***"],
    "masks what a login has in base64": ["value-of-login", "***"],
    "masks a header by its name": ["< authorization: Bearer value-of-another", "< authorization: Bearer ***"],
    "masks a key": ["value-of-key", "***"],
    "masks the address of a hook": ["https://example.com/hook/value-of-hook", "***"],
    "masks a token of .npmrc": ["value-of-npmrc", "***"],
    "masks a line of .npmrc": ["//host/:_authToken=another-token", "//host/:_authToken=***"],
    "masks secrets in JSON": ["first-line second-line service_account", "*** *** service_account"],
    "masks the user in another variable": ["value-of-user", "***"],
    "masks the password in another variable": ["value-of-redis", "***"],
    "masks the header in another variable": ["dmFsdWUtb2YtYmFzaWM=", "***"],
    "masks a value that was added": ["value-that-was-added", "***"],
    "masks a token of an unknown variable": [`npm_${"a1".repeat(18)}`, "***"],
    "keeps paths": [
      `/run/token-folder/x /run/password-file /run/keys/path-of-key /run/agent.socket /run/home-of-secrets ${join(here, "x")}`,
      `/run/token-folder/x /run/password-file /run/keys/path-of-key /run/agent.socket /run/home-of-secrets ${join(here, "x")}`,
    ],
    "keeps the current folder": ["/somewhere/else", "/somewhere/else"],
    "masks a value with marks": [`of "pass" \\ & more`, "***"],
    "masks it in JSON": [JSON.stringify({ a: `of "pass" \\ & more` }), `{"a":"***"}`],
    "masks it in an address": [encodeURIComponent(`of "pass" \\ & more`), "***"],
    "masks it in a form": [new URLSearchParams({ a: `of "pass" \\ & more` }).toString(), "a=***"],
    "masks it in HTML": ["of &quot;pass&quot; \\ &amp; more", "***"],
    "masks base64": [at("value-of-pat"), "***"],
    "masks the login of git in base64": [at("x-access-token:value-of-pat"), `${at("x-access-token:")}***`],
  };
  for (const [name, [text, masked]] of Object.entries(cases)) test(name, () => expect(mask(text)).toBe(masked));

  test.each([0, 1, 2, 3, 4, 5])("masks base64 of a text with a secret after %d other bytes", (before) => {
    const text = at(`${"u".repeat(before)}value-of-pat and more`);
    expect(mask(text)).toContain("***");
    expect(Buffer.from(mask(text).replace("***", ""), "base64").toString()).not.toMatch(/value|lue-of|of-pat/);
  });
});
