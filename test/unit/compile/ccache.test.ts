import { expect, test } from "vitest";
import { assertRemote } from "../../../src/compile/ccache.ts";

test.for([
  "redis://cache.example.com",
  "redis://me:secret@cache.example.com:6380",
  "http://cache.example.com/path",
  "redis://cache.example.com:6379|read-only",
  "http://cache.example.com|read-only|layout=flat",
  "http://[::1]:8080/path|read-only",
])("a remote cache may be %s", (remote) => {
  expect(() => assertRemote(remote)).not.toThrow();
});
