import { once } from "node:events";
import { connect, type NetConnectOpts } from "node:net";
import { errorCode } from "./processes.ts";

/** Milliseconds in which a server has to take a connection. */
const timeoutMs = 3000;

/** Why nobody takes a connection at an address, in a few words; undefined when somebody does. */
export async function whyUnreachable(address: NetConnectOpts): Promise<string | undefined> {
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    return code === undefined || code === "ABORT_ERR" ? `no answer within ${timeoutMs / 1000} s` : code;
  } finally {
    socket.destroy();
  }
}
