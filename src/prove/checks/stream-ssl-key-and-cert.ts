import { rename, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../../sys/ports.ts";
import { servedCertificate } from "../../sys/served-certificate.ts";
import { makeCertificate, makeKey } from "../certificate.ts";
import type { Check, CheckContext } from "../check.ts";
import { pathOf } from "../programs.ts";
import { daemonArgs, databasePrograms, waitForDaemon } from "../servers.ts";

/** When a running server takes a new private key and a new certificate. */
export const keyAndCertificate: Check = {
  patch: "stream-ssl-key-and-cert",
  behavior:
    "a running ovsdb-server serves a certificate that was renewed for the same key, and a new key with its certificate, also if it sees one before the other",
  programs: databasePrograms,
  files: ["vswitch.ovsschema"],
  unpatched: "differs",
  observe: async (context) => {
    const write = writer(context);
    const [first, second, third] = [makeKey(), makeKey(), makeKey()];
    const writeKey = async (key: typeof first) => write("key.pem", key.export({ type: "pkcs8", format: "pem" }).toString());
    const writeCertificate = async (key: typeof first, serial: number) => write("cert.pem", makeCertificate(key, serial));
    await writeKey(first);
    await writeCertificate(first, 1);
    const port = await startServer(context);
    // Each connection wakes up the server, which looks at the files before it answers.
    const served = async () => String(Number.parseInt((await servedCertificate(port)) ?? "", 16));
    const atFirst = await served();
    await writeCertificate(first, 2);
    const renewed = await served();
    await writeKey(second);
    await served();
    await writeCertificate(second, 3);
    const afterKey = await served();
    await writeCertificate(third, 4);
    await served();
    await writeKey(third);
    return [
      { what: "certificate at first", seen: atFirst, expected: "1" },
      { what: "after certificate 2 for the same key", seen: renewed, expected: "2" },
      { what: "after another key, then certificate 3", seen: afterKey, expected: "3" },
      { what: "after certificate 4, then its key", seen: await served(), expected: "4" },
    ];
  },
};

/** Returns a function that replaces files, each a second newer than the one before: Windows sees no less. */
function writer({ sandbox }: CheckContext): (name: string, text: string) => Promise<void> {
  let time = 1_700_000_000;
  return async (name, text) => {
    const path = join(sandbox.dir, name);
    await writeFile(`${path}.new`, text);
    time += 1;
    await utimes(`${path}.new`, time, time);
    await rename(`${path}.new`, path);
  };
}

/** Starts a server that asks clients for no certificate, and returns its port. */
async function startServer({ sandbox, programs }: CheckContext): Promise<number> {
  await sandbox.ask("ovsdb-tool", ["create", "conf.db", pathOf(programs, "vswitch.ovsschema")]);
  const port = await freePort();
  const files = ["--private-key=key.pem", "--certificate=cert.pem", "--ca-cert=none"];
  sandbox.start("ovsdb-server", [...daemonArgs(sandbox, "conf"), ...files, `--remote=pssl:${port}:127.0.0.1`, "conf.db"]);
  await waitForDaemon(sandbox, "conf");
  return port;
}
