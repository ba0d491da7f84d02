import { describe, expect, test } from "vitest";
import { keepIssue, type KeptIssue } from "../../../src/publish/github-issue.ts";
import { connect } from "../../../src/sys/github.ts";
import { startGitHub, type FakeGitHub, type FakeIssue } from "../../helpers/github.ts";
import { host } from "../../helpers/host.ts";

const place = { owner: "o", repo: "r" };

async function keep(server: FakeGitHub, changes: Partial<KeptIssue> = {}) {
  const github = await connect({ api: server.url, token: server.token, repository: "o/r" }, host);
  const issue = { label: "outdated", title: "Title", text: "Text", isNeeded: true, ...changes };
  const before = server.state.seen.length;
  const outcome = await keepIssue(issue, place, github);
  const writes = server.state.seen.slice(before).filter(({ method }) => method !== "GET").length;
  expect(server.state.problems).toEqual([]);
  return { ...outcome, writes };
}

const url = (server: FakeGitHub, number: number) => `${server.url}/o/r/issues/${number}`;

describe("the issue that is kept up to date", () => {
  test("is opened once, updated when its text changes, closed when nothing is left, and opened again", async () => {
    await using server = await startGitHub();
    const there = { url: url(server, 1) };
    expect(await keep(server, { isNeeded: false })).toEqual({ outcome: "not needed", writes: 0 });
    expect(await keep(server)).toEqual({ outcome: "opened", writes: 1, ...there });
    expect(await keep(server)).toEqual({ outcome: "unchanged", writes: 0, ...there });
    expect(await keep(server, { text: "More" })).toEqual({ outcome: "updated", writes: 1, ...there });
    expect(server.state.issues).toMatchObject([{ title: "Title", state: "open", labels: ["outdated"] }]);
    expect(server.state.issues[0]?.body).toMatch(/^More\n/);
    expect(await keep(server, { text: "Nothing", isNeeded: false })).toEqual({ outcome: "closed", writes: 1, ...there });
    expect(await keep(server, { text: "Nothing", isNeeded: false })).toEqual({ outcome: "unchanged", writes: 0, ...there });
    expect(await keep(server)).toEqual({ outcome: "reopened", writes: 1, ...there });
    expect(server.state.issues).toMatchObject([{ state: "open" }]);
  });

  test("stays closed if a person closed it, until its text changes", async () => {
    await using server = await startGitHub();
    await keep(server);
    const [issue] = server.state.issues;
    if (issue !== undefined) issue.state = "closed";
    expect(await keep(server)).toMatchObject({ outcome: "unchanged", writes: 0 });
    expect(await keep(server, { text: "More" })).toMatchObject({ outcome: "reopened", writes: 1 });
  });

  test("is none of another person's, and no pull request, on whatever page it is", async () => {
    await using server = await startGitHub({ pageSize: 2 });
    await keep(server);
    const [own] = server.state.issues;
    const others = [1, 2, 3, 4].map((number): FakeIssue => ({
      ...{ number, title: "Other", body: "Other", state: "open", labels: ["outdated"] },
      ...(number === 4 ? { body: own?.body ?? "", isPull: true } : {}),
    }));
    server.state.issues = [...others, { ...(own as FakeIssue), number: 5 }];
    expect(await keep(server, { text: "More" })).toMatchObject({ outcome: "updated", url: url(server, 5) });
    expect(server.state.issues.slice(0, 4)).toEqual(others);
  });

  test("is opened once although GitHub's answer is lost", async () => {
    let left = 1;
    await using server = await startGitHub({
      faultOf: ({ kind }) => (kind === "open" && left-- > 0 ? { fault: "lost" } : undefined),
    });
    expect(await keep(server)).toMatchObject({ outcome: "opened", url: url(server, 1) });
    expect(server.state.issues).toHaveLength(1);
  });

  test("without its label is an error, since the next run would open another one", async () => {
    await using server = await startGitHub({ dropsLabels: true });
    await expect(keep(server)).rejects.toMatchObject({
      code: "destination",
      hint: expect.stringContaining("`outdated`") as unknown,
    });
  });

  test("has no more text than GitHub takes, cut at the end of a line", async () => {
    await using server = await startGitHub();
    await keep(server, { text: "0123456789\n".repeat(10_000) });
    const body = server.state.issues[0]?.body ?? "";
    expect(body.length).toBeLessThan(65_536);
    expect(body).toMatch(/\n0123456789\n\n\nThe rest does not fit here\.\n\n<!-- /);
  });
});
