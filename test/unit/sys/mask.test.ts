import { describe, expect, test } from "vitest";
import { makeMask } from "../../../src/sys/mask.ts";

describe("a mask", () => {
  const mask = makeMask({
    GITHUB_TOKEN: "ghp_0123456789",
    LONGER_TOKEN: "ghp_0123456789abc",
    SIGNING_KEY: "-----BEGIN-----\nsecretline\n",
    SHORT_TOKEN: "yes",
    EMPTY_TOKEN: "",
    HOME: "/home/somebody",
    UNSET_SECRET: undefined,
    https_proxy: "http://me:pass%2Fword@proxy:3128",
    ALL_PROXY: "me:without@scheme@proxy:3128",
    http_proxy: "http://proxy:3128",
  });
  const cases: Readonly<Record<string, readonly [string, string]>> = {
    "masks a token anywhere": ["a ghp_0123456789, ghp_0123456789", "a ***, ***"],
    "masks the longer of two with the same start": ["ghp_0123456789abc", "***"],
    "masks each line of a key": ["x secretline", "x ***"],
    "keeps short values": ["yes", "yes"],
    "keeps other variables": ["/home/somebody", "/home/somebody"],
    "masks the password of a proxy, encoded or not": ["pass%2Fword pass/word", "*** ***"],
    "masks the password of a proxy without a scheme": ["me:without@scheme@proxy", "me:***@proxy"],
    "keeps the name of a proxy": ["http://proxy:3128", "http://proxy:3128"],
    "masks the password in a URL": ["https://me:pass@host/x and http://h:80/", "https://me:***@host/x and http://h:80/"],
  };
  for (const [name, [text, masked]] of Object.entries(cases)) test(name, () => expect(mask(text)).toBe(masked));
});
