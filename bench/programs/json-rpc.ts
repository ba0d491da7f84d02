import { once } from "node:events";
import { connect } from "node:net";

/** A connection to a server of Open vSwitch or OVN: JSON-RPC 1.0, as RFC 7047 (OVSDB) and ovs-appctl(8) speak it. */
export interface JsonRpc {
  /** Calls a method and returns its result. Throws what the server reports as an error. */
  readonly call: (method: string, params: readonly unknown[]) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

interface Message {
  readonly id: number | string | null;
  readonly method?: string;
  readonly params?: unknown;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** Connects to the server that listens on a unix socket. Messages are large, so their ends are found without parsing twice. */
export async function connectJsonRpc(path: string): Promise<JsonRpc> {
  const socket = connect(path);
  await once(socket, "connect");
  const waiting = new Map<number, { done: (result: unknown) => void; fail: (error: unknown) => void }>();
  const split = splitMessages((text) => {
    const { id, method, params, result, error } = JSON.parse(text) as Message;
    // The server asks whether anybody is there, and wants its question back.
    if (method === "echo") socket.write(JSON.stringify({ id, result: params, error: null }));
    if (typeof id !== "number" || method !== undefined) return;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === null || error === undefined) call?.done(result);
    else call?.fail(new Error(JSON.stringify(error)));
  });
  socket.setEncoding("utf8").on("data", (chunk) => split(String(chunk)));
  const fail = (error: unknown) => waiting.forEach((call) => call.fail(error));
  socket.on("error", fail).on("close", () => fail(new Error("the server closed the connection")));
  let last = 0;
  return {
    call: async (method, params) => {
      const id = ++last;
      const answer = new Promise((done, failed) => waiting.set(id, { done, fail: failed }));
      socket.write(JSON.stringify({ id, method, params }));
      return answer;
    },
    close: async () => {
      socket.destroy();
      await once(socket, "close");
    },
  };
}

/** Calls `use` with each JSON object of a stream of them, which has nothing between one and the next. */
function splitMessages(use: (text: string) => void): (chunk: string) => void {
  let text = "";
  let seen = 0;
  let depth = 0;
  let inString = false;
  return (chunk) => {
    text += chunk;
    for (; seen < text.length; seen++) {
      const char = text[seen];
      if (inString) {
        if (char === "\\") seen++;
        else if (char === '"') inString = false;
      } else if (char === '"') inString = true;
      else if (char === "{") depth++;
      else if (char === "}" && --depth === 0) {
        use(text.slice(0, seen + 1));
        text = text.slice(seen + 1);
        seen = -1;
      }
    }
  };
}
