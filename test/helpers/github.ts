import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { checkAnswer, checkRequest } from "./github-schema.ts";

export interface FakeAsset {
  id: number;
  name: string;
  size: number;
  digest: string;
  state: "uploaded" | "starter";
  /** The content of small assets. */
  content: string;
}

export interface FakeRelease {
  id: number;
  tag: string;
  name: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  assets: FakeAsset[];
}

export interface FakeIssue {
  number: number;
  title: string;
  body: string;
  state: "open" | "closed";
  labels: string[];
  /** True for a pull request, which GitHub lists as an issue. */
  isPull?: boolean;
}

/** A request, as faults and tests see it: `number` counts from 1, `kind` is its purpose. */
export interface Seen {
  readonly number: number;
  readonly kind:
    | ("releases" | "tag" | "create" | "assets" | "upload" | "asset" | "delete" | "release" | "publish")
    | ("issues" | "open" | "issue");
  readonly method: string;
  readonly path: string;
  /** The name of an uploaded asset. */
  readonly name: string | undefined;
}

/** What goes wrong with a request. `seconds` is the value of `retry-after`. */
export type Fault =
  /** The connection breaks after so many bytes of the body; an upload leaves a `starter`. */
  | { readonly fault: "reset"; readonly after: number }
  /** The request is carried out, but the connection breaks before the response. */
  | { readonly fault: "lost" }
  /** The connection breaks within the response. */
  | { readonly fault: "half" }
  /** Nothing is done; an upload leaves a `starter`, as GitHub's documentation says. */
  | { readonly fault: "502"; readonly seconds?: number }
  /** Another client uploaded an asset with that name just before. */
  | { readonly fault: "exists" }
  | { readonly fault: "secondary"; readonly seconds: number }
  | { readonly fault: "429"; readonly seconds: number }
  /** The primary limit is used up for so many seconds. */
  | { readonly fault: "primary"; readonly seconds: number }
  /** The response comes in small pieces. */
  | { readonly fault: "drip" }
  | { readonly fault: "forbidden" };

export interface FakeOptions {
  readonly token?: string;
  /** Commits by tag; a value that is the id of a tag object is a key of `tagObjects`. */
  readonly tags?: Readonly<Record<string, string>>;
  /** The fault of a request; undefined for none. */
  readonly faultOf?: (request: Seen) => Fault | undefined;
  /** Called when a request has arrived, before anything is done. */
  readonly before?: (request: Seen) => void;
  /** Called when everything is done, before the response. */
  readonly after?: (request: Seen) => void;
  /** Called while the body of an upload arrives. */
  readonly during?: (request: Seen, bytes: number) => void;
  /**
   * The number of creating requests before a secondary limit, which holds for so many seconds; it
   * does not depend on how fast they come.
   */
  readonly limit?: { readonly count: number; readonly seconds: number };
  /** The address that clients know it by, such as `https://api.github.com`. */
  readonly address?: string;
  /** The size of a page of a list, if smaller than requested. */
  readonly pageSize?: number;
  /** True when the token may open issues, but not label them: GitHub drops the labels then. */
  readonly dropsLabels?: boolean;
}

type Answer = readonly [status: number, body?: unknown, headers?: Readonly<Record<string, string>>];

const user = Object.fromEntries(
  [
    "avatar_url",
    "events_url",
    "followers_url",
    "following_url",
    "gists_url",
    "html_url",
    "organizations_url",
    "received_events_url",
  ]
    .concat(["repos_url", "starred_url", "subscriptions_url", "url"])
    .map((name) => [name, "https://example.com/user"] as const),
);
const author = { ...user, gravatar_id: "", id: 1, node_id: "U", login: "octocat", site_admin: false, type: "User" };
const time = "2026-11-23T00:00:00Z";

interface FakeState {
  releases: FakeRelease[];
  issues: FakeIssue[];
  readonly seen: Seen[];
  /** Violations of GitHub's API description, and of rules of ours. */
  readonly problems: string[];
  /** The assets of a release when it became public. */
  readonly published: { readonly tag: string; readonly assets: readonly string[] }[];
  options: FakeOptions;
  tags: Record<string, string>;
  /** How many requests were taken since the limit was last met, and until when it holds. */
  taken: number;
  limitedUntil: number | undefined;
  /** How many requests met the limit. */
  limited: number;
  nextId: number;
}

/**
 * A server on loopback that behaves like GitHub's API of releases and issues; `o/r` is its only repository.
 * Tests may read and change its whole state.
 */
export async function startGitHub(options: FakeOptions = {}) {
  const { token = "ghs_0123456789abcdefghijklmnopqrstuvwxyz", tags = { "v1.0.0": "c".repeat(40) } } = options;
  const state: FakeState = {
    releases: [],
    issues: [],
    seen: [],
    problems: [],
    published: [],
    options,
    tags: { ...tags },
    taken: 0,
    limitedUntil: undefined,
    limited: 0,
    nextId: 100,
  };
  const running = new Set<Promise<void>>();
  const server = createServer((request, response) => {
    // A client that disconnects is not a failure of the server.
    const handled = handle(request, response).catch(() => void response.destroy());
    running.add(handled);
    void handled.then(() => running.delete(handled));
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const { address: url = `http://127.0.0.1:${port}` } = options;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on("error", () => undefined);
    const address = new URL(request.url ?? "/", url);
    // At GitHub uploads go to another host, here to a path prefix.
    const upload = address.pathname.startsWith("/uploads/");
    if (upload) address.pathname = address.pathname.slice("/uploads".length);
    const method = request.method ?? "GET";
    const seen: Seen = {
      number: state.seen.length + 1,
      kind: kindOf(method, address.pathname),
      method,
      path: address.pathname,
      name: address.searchParams.get("name") ?? undefined,
    };
    state.seen.push(seen);
    state.options.before?.(seen);
    const fault = state.options.faultOf?.(seen);
    if (fault?.fault === "reset") return breakOff(request, seen, fault.after);
    const body = upload ? await receive(request, seen) : await text(request);
    const json: unknown = typeof body === "string" && body !== "" ? JSON.parse(body) : undefined;
    state.problems.push(...checkRequest(method, address, request.headers["content-type"], upload ? undefined : json));
    if (upload && Number(request.headers["content-length"]) !== (body as Received).size)
      state.problems.push(`${seen.name}: content-length ${request.headers["content-length"]}`);
    const answer = faultAnswer(fault, seen) ?? refused(request) ?? limitAnswer(seen) ?? work(seen, address, json, body);
    state.options.after?.(seen);
    if (fault?.fault === "lost") return void request.socket.destroy();
    // `starter` is in GitHub's documentation, but not in its API description.
    const described = JSON.parse(
      JSON.stringify(answer[1] ?? null, (_, value: unknown) => (value === "starter" ? "uploaded" : value)),
    ) as unknown;
    if (typeof answer[1] !== "string") state.problems.push(...checkAnswer(method, address, answer[0], answer[1] && described));
    await reply(response, answer, fault);
  }

  /** Reads so many bytes of a request's body, then breaks the connection. */
  async function breakOff(request: IncomingMessage, seen: Seen, after: number): Promise<void> {
    if (seen.kind === "upload" && seen.name !== undefined && after > 0) putStarter(seen);
    let count = 0;
    if (after > 0)
      for await (const chunk of request) {
        count += (chunk as Buffer).length;
        if (count >= after) break;
      }
    request.socket.destroy();
  }

  interface Received {
    readonly size: number;
    readonly digest: string;
    readonly content: string;
  }

  /** A truncated body leaves a `starter`. */
  async function receive(request: IncomingMessage, seen: Seen): Promise<Received> {
    const hash = createHash("sha256");
    let size = 0;
    const kept: Buffer[] = [];
    try {
      for await (const chunk of request) {
        const bytes = chunk as Buffer;
        hash.update(bytes);
        size += bytes.length;
        if (size < 100_000) kept.push(bytes);
        state.options.during?.(seen, size);
      }
    } catch (error) {
      putStarter(seen);
      throw error;
    }
    return { size, digest: `sha256:${hash.digest("hex")}`, content: Buffer.concat(kept).toString("latin1") };
  }

  function putStarter({ path, name = "" }: Seen): void {
    const release = releaseOf(path);
    if (release === undefined || !release.draft || release.assets.some((asset) => asset.name === name)) return;
    release.assets.push({ id: state.nextId++, name, size: 0, digest: "", state: "starter", content: "" });
  }

  function faultAnswer(fault: Fault | undefined, seen: Seen): Answer | undefined {
    if (fault === undefined) return undefined;
    const rate = { message: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again." };
    switch (fault.fault) {
      case "502":
        if (seen.kind === "upload") putStarter(seen);
        return [502, "<html>502</html>", fault.seconds === undefined ? {} : { "retry-after": String(fault.seconds) }];
      case "secondary":
        return [403, rate, { "retry-after": String(fault.seconds) }];
      case "429":
        return [429, rate, { "retry-after": String(fault.seconds) }];
      case "primary": {
        const reset = String(Math.ceil(Date.now() / 1000) + fault.seconds);
        return [403, { message: "API rate limit exceeded" }, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset }];
      }
      case "forbidden":
        return [
          403,
          { message: "Resource not accessible by integration" },
          { "x-accepted-github-permissions": "contents=write" },
        ];
      case "exists": {
        const release = releaseOf(seen.path);
        if (seen.kind !== "upload" || release === undefined) return undefined;
        const taken = {
          id: state.nextId++,
          name: seen.name ?? "",
          size: 5,
          digest: `sha256:${"0".repeat(64)}`,
          content: "other",
        };
        if (!release.assets.some(({ name }) => name === seen.name)) release.assets.push({ ...taken, state: "uploaded" });
        return undefined;
      }
      default:
        return undefined;
    }
  }

  function refused(request: IncomingMessage): Answer | undefined {
    const given = request.headers.authorization ?? "";
    if (given === `Bearer ${token}`) return undefined;
    return [401, { message: "Bad credentials", documentation_url: "https://docs.github.com/rest" }];
  }

  function limitAnswer({ method }: Seen): Answer | undefined {
    const { limit } = state.options;
    if (limit === undefined || method === "GET") return undefined;
    if (state.taken === limit.count) {
      state.limitedUntil ??= Date.now() + limit.seconds * 1000;
      if (Date.now() < state.limitedUntil) {
        state.limited++;
        return [403, { message: "You have exceeded a secondary rate limit." }, { "retry-after": String(limit.seconds) }];
      }
      state.taken = 0;
      state.limitedUntil = undefined;
    }
    state.taken++;
    return undefined;
  }

  function releaseOf(path: string): FakeRelease | undefined {
    const id = Number(/\/releases\/(\d+)/.exec(path)?.[1]);
    return state.releases.find((release) => release.id === id);
  }

  function work(seen: Seen, address: URL, json: unknown, body: unknown): Answer {
    const given = (json ?? {}) as Partial<Record<"tag_name" | "name" | "body", string> & Record<"draft" | "prerelease", boolean>>;
    const missing: Answer = [404, { message: "Not Found", documentation_url: "https://docs.github.com/rest", status: "404" }];
    if (!seen.path.startsWith("/repos/o/r/")) return missing;
    const release = releaseOf(seen.path);
    const assetId = Number(/\/assets\/(\d+)$/.exec(seen.path)?.[1]);
    const holder = state.releases.find(({ assets }) => assets.some(({ id }) => id === assetId));
    const asset = holder?.assets.find(({ id }) => id === assetId);
    const page = (items: readonly unknown[]): Answer => {
      const size = Math.min(Number(address.searchParams.get("per_page") ?? 30), state.options.pageSize ?? 100);
      const number = Number(address.searchParams.get("page") ?? 1);
      const more = items.length > size * number;
      const next = new URL(address);
      next.searchParams.set("page", String(number + 1));
      const link = `<${next.href}>; rel="next"`;
      return [200, items.slice(size * (number - 1), size * number), more ? { link } : {}];
    };
    switch (seen.kind) {
      case "releases":
        return page(state.releases.toReversed().map(showRelease));
      case "tag": {
        const tag = decodeURIComponent(seen.path.split("/").at(-1) ?? "").replace(/^tags\//, "");
        if (seen.path.includes("/git/tags/")) return [200, showTagObject(tag)];
        const commit = state.tags[tag];
        return commit === undefined ? missing : [200, showReference(tag, commit)];
      }
      case "create": {
        const made = { id: state.nextId++, tag: given.tag_name ?? "", name: given.name ?? "", body: given.body ?? "" };
        const fresh = { ...made, draft: given.draft ?? false, prerelease: given.prerelease ?? false, assets: [] };
        state.releases.push(fresh);
        if (!fresh.draft) state.problems.push("a release was made in public");
        return [201, showRelease(fresh)];
      }
      case "assets":
        return release === undefined ? missing : page(release.assets.map((item) => showAsset(item, release)));
      case "upload":
        return release === undefined ? missing : addAsset(release, seen.name ?? "", body as Received);
      case "asset":
        return asset === undefined ? missing : [200, asset.content];
      case "delete":
        if (release !== undefined && /\/releases\/\d+$/.test(seen.path)) {
          if (!release.draft) state.problems.push(`${release.tag} is public, and was deleted`);
          state.releases = state.releases.filter((other) => other !== release);
          return [204];
        }
        if (asset === undefined || holder === undefined) return missing;
        if (!holder.draft) state.problems.push(`${asset.name} was deleted from a public release`);
        holder.assets = holder.assets.filter((other) => other !== asset);
        return [204];
      case "release":
        return release === undefined ? missing : [200, showRelease(release)];
      case "publish": {
        if (release === undefined) return missing;
        if (release.draft && given.draft === false)
          state.published.push({
            tag: release.tag,
            assets: release.assets.map(({ name, state: at, digest }) => `${name} ${at} ${digest}`),
          });
        Object.assign(release, {
          draft: given.draft ?? release.draft,
          name: given.name ?? release.name,
          body: given.body ?? release.body,
        });
        return [200, showRelease(release)];
      }
      case "issues": {
        const label = address.searchParams.get("labels");
        const wanted = state.issues.filter((issue) => label === null || issue.labels.includes(label));
        const isState = ({ state: at }: FakeIssue) => ["all", at].includes(address.searchParams.get("state") ?? "open");
        const found = wanted.filter(isState).toSorted((a, b) => a.number - b.number);
        return page((address.searchParams.get("direction") === "asc" ? found : found.toReversed()).map(showIssue));
      }
      case "open": {
        const { title = "", body: written = "", labels = [] } = (json ?? {}) as Partial<FakeIssue>;
        const number = state.issues.length + 1;
        const made: FakeIssue = { number, title, body: written, state: "open", labels };
        if (state.options.dropsLabels === true) made.labels = [];
        state.issues.push(made);
        return [201, showIssue(made)];
      }
      case "issue": {
        const issue = state.issues.find(({ number }) => number === Number(seen.path.split("/").at(-1)));
        if (issue === undefined) return missing;
        const { title = issue.title, body: written = issue.body, state: at = issue.state } = (json ?? {}) as Partial<FakeIssue>;
        Object.assign(issue, { title, body: written, state: at });
        return [200, showIssue(issue)];
      }
      default:
        return seen.kind satisfies never;
    }
  }

  function addAsset(release: FakeRelease, asked: string, { size, digest, content }: Received): Answer {
    if (!release.draft) {
      state.problems.push(`${asked} was uploaded to a public release`);
      return [422, { message: "Cannot upload assets to an immutable release." }];
    }
    // GitHub's documentation: special characters become periods.
    const name = asked.replaceAll(/[^\w.+-]/g, ".");
    if (release.assets.some((asset) => asset.name === name)) {
      const errors = [{ resource: "ReleaseAsset", code: "already_exists", field: "name" }];
      return [422, { message: "Validation Failed", errors, documentation_url: "https://docs.github.com/rest" }];
    }
    const asset: FakeAsset = { id: state.nextId++, name, size, digest, state: "uploaded", content };
    release.assets.push(asset);
    return [201, showAsset(asset, release)];
  }

  function showAsset({ id, name, size, digest, state: at }: FakeAsset, release: FakeRelease) {
    const address = `${url}/repos/o/r/releases/assets/${id}`;
    return {
      ...{ id, name, size, state: at, digest: at === "starter" ? null : digest, url: address, node_id: `A${id}`, label: null },
      ...{ content_type: "application/octet-stream", download_count: 0, created_at: time, updated_at: time, uploader: author },
      browser_download_url: `${url}/o/r/releases/download/${release.tag}/${name}`,
    };
  }

  function showRelease(release: FakeRelease) {
    const { id, tag, name, body, draft, prerelease, assets } = release;
    const address = `${url}/repos/o/r/releases/${id}`;
    return {
      ...{ id, tag_name: tag, name, body, draft, prerelease, url: address, node_id: `R${id}`, target_commitish: "main", author },
      ...{ assets_url: `${address}/assets`, upload_url: `${url}/uploads/repos/o/r/releases/${id}/assets{?name,label}` },
      ...{ html_url: `${url}/o/r/releases/tag/${tag}`, tarball_url: null, zipball_url: null, created_at: time },
      ...{ published_at: draft ? null : time, assets: assets.map((asset) => showAsset(asset, release)) },
    };
  }

  function showIssue({ number, title, body, state: at, labels, isPull = false }: FakeIssue) {
    const address = `${url}/repos/o/r/issues/${number}`;
    const links = { url: `${url}/repos/o/r/pulls/${number}`, html_url: null, diff_url: null, patch_url: null };
    return {
      ...{ id: 1000 + number, node_id: `I${number}`, number, title, body, state: at, locked: false, comments: 0, url: address },
      ...{ html_url: `${url}/o/r/issues/${number}`, repository_url: `${url}/repos/o/r`, labels_url: `${address}/labels{/name}` },
      ...{ comments_url: `${address}/comments`, events_url: `${address}/events`, user: author, author_association: "NONE" },
      ...{ assignee: null, milestone: null, created_at: time, updated_at: time, closed_at: at === "closed" ? time : null },
      labels: labels.map((name) => ({ name })),
      ...(isPull ? { pull_request: links } : {}),
    };
  }

  /** Tags are annotated: the reference names the tag object, which names the commit. */
  function showReference(tag: string, commit: string) {
    const sha = createHash("sha1").update(`${tag} ${commit}`).digest("hex");
    const object = { type: "tag", sha, url: `${url}/repos/o/r/git/tags/${sha}` };
    return { ref: `refs/tags/${tag}`, node_id: "T", url: `${url}/repos/o/r/git/refs/tags/${tag}`, object };
  }

  function showTagObject(sha: string) {
    const found = Object.entries(state.tags).find(([name, commit]) => showReference(name, commit).object.sha === sha);
    const [tag = "", commit = ""] = found ?? [];
    const object = { type: "commit", sha: commit, url: `${url}/repos/o/r/git/commits/${commit}` };
    const tagger = { name: "Pat Cher", email: "pat@example.com", date: time };
    return { node_id: "T", tag, sha, url: `${url}/repos/o/r/git/tags/${sha}`, message: tag, tagger, object };
  }

  return {
    url,
    port,
    token,
    state,
    /** What a client must know about the server. */
    env: { GITHUB_API_URL: url, GITHUB_TOKEN: token, GITHUB_REPOSITORY: "o/r" },
    /** Resolves when no request is being handled. */
    async idle() {
      await Promise.all(running);
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type FakeGitHub = Awaited<ReturnType<typeof startGitHub>>;

function kindOf(method: string, path: string): Seen["kind"] {
  if (path.includes("/git/")) return "tag";
  if (path.endsWith("/issues")) return method === "POST" ? "open" : "issues";
  if (path.includes("/issues/")) return "issue";
  if (method === "DELETE") return "delete";
  if (method === "PATCH") return "publish";
  if (path.endsWith("/assets")) return method === "POST" ? "upload" : "assets";
  if (path.includes("/releases/assets/")) return "asset";
  if (path.endsWith("/releases")) return method === "POST" ? "create" : "releases";
  return "release";
}

async function text(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

async function reply(response: ServerResponse, [status, body, headers = {}]: Answer, fault: Fault | undefined): Promise<void> {
  const isText = typeof body === "string";
  const content = body === undefined ? "" : isText ? body : JSON.stringify(body);
  const bytes = Buffer.from(content, isText ? "latin1" : "utf8");
  const type = isText ? "application/octet-stream" : "application/json; charset=utf-8";
  const length = status === 204 ? {} : { "content-type": type, "content-length": String(bytes.length) };
  response.writeHead(status, { ...length, "x-ratelimit-limit": "5000", "x-ratelimit-remaining": "4000", ...headers });
  if (fault?.fault === "half" && bytes.length > 1) {
    response.write(bytes.subarray(0, bytes.length / 2));
    await sleep(5);
    return void response.destroy();
  }
  if (fault?.fault === "drip")
    for (let at = 0; at < bytes.length; at += 200) {
      response.write(bytes.subarray(at, at + 200));
      await sleep(5);
    }
  else response.write(bytes);
  response.end();
}
