import { expect, test } from "vitest";
import { checkAnswer, checkRequest } from "../../helpers/github-schema.ts";

const url = (path: string) => new URL(`http://127.0.0.1/repos/o/r${path}`);

test("the test server finds requests that break GitHub's API description", () => {
  const json = "application/json; charset=utf-8";
  expect(checkRequest("GET", url("/releases?per_page=100&page=1"), undefined, undefined)).toEqual([]);
  expect(checkRequest("GET", url("/releases?per_page=many"), undefined, undefined)).not.toEqual([]);
  expect(checkRequest("GET", url("/releases?size=5"), undefined, undefined)).not.toEqual([]);
  expect(checkRequest("GET", url("/release"), undefined, undefined)).not.toEqual([]);
  expect(checkRequest("PUT", url("/releases/5"), json, {})).not.toEqual([]);
  expect(checkRequest("POST", url("/releases"), json, { tag_name: "v1", draft: true })).toEqual([]);
  expect(checkRequest("POST", url("/releases"), json, { draft: true })).not.toEqual([]);
  expect(checkRequest("PATCH", url("/releases/5"), json, { make_latest: "legacy" })).toEqual([]);
  expect(checkRequest("PATCH", url("/releases/5"), json, { make_latest: "maybe" })).not.toEqual([]);
  expect(checkRequest("POST", url("/releases/5/assets?name=a"), "application/octet-stream", undefined)).toEqual([]);
  expect(checkRequest("POST", url("/releases/5/assets"), "application/octet-stream", undefined)).not.toEqual([]);
  expect(checkRequest("POST", url("/releases/5/assets?name=a"), "text/plain", undefined)).not.toEqual([]);
});

test("the test server finds responses that break GitHub's API description", () => {
  const reference = { ref: "refs/tags/v1", node_id: "T", url: "http://127.0.0.1/x" };
  const object = { type: "commit", sha: "c".repeat(40), url: "http://127.0.0.1/x" };
  expect(checkAnswer("GET", url("/git/ref/tags%2Fv1"), 200, { ...reference, object })).toEqual([]);
  expect(checkAnswer("GET", url("/git/ref/tags%2Fv1"), 200, reference)).not.toEqual([]);
  expect(checkAnswer("GET", url("/git/ref/tags%2Fv1"), 200, { ...reference, object: { ...object, sha: "c" } })).not.toEqual([]);
  expect(checkAnswer("GET", url("/git/ref/tags%2Fv1"), 418, {})).not.toEqual([]);
  expect(checkAnswer("DELETE", url("/releases/assets/5"), 204, undefined)).toEqual([]);
  expect(checkAnswer("GET", url("/releases"), 200, undefined)).not.toEqual([]);
});
