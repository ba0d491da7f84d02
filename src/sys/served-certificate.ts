import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";

/** Milliseconds that a server has for a handshake. */
const limit = 20_000;

/**
 * Returns the serial number of the certificate that a server on 127.0.0.1 presents, in hex, or
 * undefined if there is no handshake. The certificate is not verified.
 */
export async function servedCertificate(port: number): Promise<string | undefined> {
  const socket: TLSSocket = connect({ host: "127.0.0.1", port, rejectUnauthorized: false });
  try {
    await once(socket, "secureConnect", { signal: AbortSignal.timeout(limit) });
    return socket.getPeerCertificate().serialNumber;
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}
