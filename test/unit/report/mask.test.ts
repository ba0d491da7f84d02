import { describe, expect, test } from "vitest";
import { makeMask } from "../../../src/report/mask.ts";

describe("a mask", () => {
  const mask = makeMask({
    GITHUB_TOKEN: "ghp_0123456789",
    LONGER_TOKEN: "ghp_0123456789abc",
    SIGNING_KEY: "-----BEGIN-----\nsecretline\n",
    SHORT_TOKEN: "yes",
    EMPTY_TOKEN: "",
    HOME: "/home/somebody",
    UNSET_SECRET: undefined,
  });
  const cases: Readonly<Record<string, readonly [string, string]>> = {
    "takes out a token wherever it stands": ["a ghp_0123456789, ghp_0123456789", "a ***, ***"],
    "takes out the longest of two that begin alike": ["ghp_0123456789abc", "***"],
    "takes out each line of a key": ["x secretline", "x ***"],
    "leaves short values alone": ["yes", "yes"],
    "leaves other variables alone": ["/home/somebody", "/home/somebody"],
    "takes the password out of a URL": ["https://me:pass@host/x and http://h:80/", "https://me:***@host/x and http://h:80/"],
  };
  for (const [name, [text, masked]] of Object.entries(cases)) test(name, () => expect(mask(text)).toBe(masked));
});
