import { expect, test } from "vitest";
import { readImagePlace } from "../../../src/publish/oci-place.ts";

test.for([
  ["registry.example.com/o/packages:1.12.1", "https://registry.example.com", "o/packages", "1.12.1"],
  ["docker.io/o/packages", "https://registry-1.docker.io", "o/packages", undefined],
  ["localhost:5000/p", "http://localhost:5000", "p", undefined],
  ["localhost/p:a", "http://localhost", "p", "a"],
  ["127.0.0.1:5000/a/b/c", "http://127.0.0.1:5000", "a/b/c", undefined],
  ["[::1]:5000/p", "http://[::1]:5000", "p", undefined],
  ["registry:5000/p", "https://registry:5000", "p", undefined],
  ["http://registry.lab/p:1", "http://registry.lab", "p", "1"],
  ["https://localhost:5000/p", "https://localhost:5000", "p", undefined],
])("%s is at %s", ([place, api, name, tag]) => {
  expect(readImagePlace(place ?? "")).toMatchObject({ api, name, tag });
});

test.for([
  "packages",
  "o/packages",
  "o/packages:1",
  "registry.example.com/",
  "registry.example.com",
  "registry.example.com/A",
  "registry.example.com/a//b",
  "registry.example.com/a:",
  "registry.example.com/a:b/c",
  ":5000/a",
])("%s is refused", (place) => {
  expect(() => readImagePlace(place)).toThrow("oci=");
});
