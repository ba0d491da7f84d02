import { once } from "node:events";
import { connect, type NetConnectOpts } from "node:net";
import { errorCode } from "./processes.ts";

/** Time limit for a connection, in milliseconds. */
const timeoutMs = 3000;

/** Why an address accepts no connection, in a few words; undefined when it does. */
export async function whyUnreachable(address: NetConnectOpts): Promise<string | undefined> {
  const socket = connect(address);
  try {
    await once(socket, "connect", { signal: AbortSignal.timeout(timeoutMs) });
    return undefined;
  } catch (error) {
    const code = errorCode(error);
    return code === undefined || code === "ABORT_ERR" ? `no response within ${timeoutMs / 1000} s` : code;
  } finally {
    socket.destroy();
  }
}
