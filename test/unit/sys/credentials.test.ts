import { describe, expect, test } from "vitest";
import { addressFault, takeCredentials } from "../../../src/sys/credentials.ts";

describe("credentials", () => {
  const addresses: readonly (readonly [given: string, address: string, username: string, password: string | undefined])[] = [
    ["ovs=https://me:pass@host/x.git", "https://host/x.git", "me", "pass"],
    ["--from=ovs=https://me:a%40b%2Fc@host", "https://host", "me", "a@b/c"],
    ["ovs=https://me:a@b:c@host:8/x", "https://host:8/x", "me", "a@b:c"],
    ["ovs=HTTPS://token@host/x", "HTTPS://host/x", "token", undefined],
    ["ovs=http://:pass@host/x", "http://host/x", "", "pass"],
    ["ovs= http://me:100%@host/x", "http://host/x", "me", "100%"],
  ];
  test.each(addresses)("are taken out of %s", (given, address, username, password) => {
    const { args, credentials, secrets } = takeCredentials([given]);
    expect(args).toEqual([given.replace(/=\s*http.*/i, `=${address}`)]);
    expect([...credentials]).toEqual([[address, { username, password }]]);
    expect(secrets).toContain(password ?? username);
  });

  const others = [
    "ovs=git@host:x",
    "ovs=ssh://git@host/x",
    "ovs=/a@b",
    "--remote-cache=http://me:pass@host/",
    "ovs=https://h/@a",
  ];
  test.each(others)("are not looked for in %s", (given) => {
    const { args, credentials } = takeCredentials([given]);
    expect(args).toEqual([given]);
    expect(credentials.size).toBe(0);
  });
});

describe("an address", () => {
  const good = [
    ...["../ovs", "/a/b?c#d", "https://host/x.git", "https://host:8080/a@b", "https://[::1]:80/x", "git@host:x.git"],
    ...["ssh://git@host:22/x", "file:///x?y", "host:~me/x", "C:\\x"],
  ];
  test.each(good)("may be %s", (address) => expect(addressFault(address)).toBeUndefined());

  const wrong: readonly (readonly [address: string, fault: string])[] = [
    ["https://token@host/x", "has a user name or a token"],
    ["http::https://me:pass@host/x", "has a user name or a token"],
    ["git://me:pass@host/x", "has a user name or a token"],
    ["ssh://me:pass@host/x", "has a password, but ssh takes none"],
    ["me:pass@host:x", "has a password, but ssh takes none"],
    ["https://host/x?private_token=1", "has a query"],
    ["https://host/x#token", "has a query"],
    ["https://me:pa/ss@host/x", "has a port that is not a number"],
    ["https://host/\nx", "has control characters"],
  ];
  test.each(wrong)("may not be %j", (address, fault) => expect(addressFault(address)).toContain(fault));
});
