import { createPublicKey, generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** Makes a private key for certificates. */
export function makeKey(): KeyObject {
  return generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
}

/**
 * Makes a certificate that is signed by its own key, in PEM. `serial` is a number below 128. Written
 * by hand: a machine that proves may lack openssl(1), and `@peculiar/x509` brings 19 packages more.
 */
export function makeCertificate(key: KeyObject, serial: number): string {
  const ecdsaWithSha256 = sequence(der(0x06, "2a8648ce3d040302"));
  const commonName = sequence(der(0x06, "550403"), der(0x0c, hex("kovn-build")));
  const name = sequence(der(0x31, commonName));
  const validity = sequence(der(0x17, hex("250101000000Z")), der(0x17, hex("491231235959Z")));
  const publicKey = createPublicKey(key).export({ type: "spki", format: "der" }).toString("hex");
  const number = der(0x02, serial.toString(16).padStart(2, "0"));
  const content = sequence(number, ecdsaWithSha256, name, validity, name, publicKey);
  const signature = sign("sha256", Buffer.from(content, "hex"), key).toString("hex");
  const certificate = Buffer.from(sequence(content, ecdsaWithSha256, der(0x03, "00", signature)), "hex");
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString("base64")}\n-----END CERTIFICATE-----\n`;
}

function sequence(...parts: readonly string[]): string {
  return der(0x30, ...parts);
}

/** A value in DER (ITU-T X.690), in hex: its tag, its length and its content. */
function der(tag: number, ...parts: readonly string[]): string {
  const content = parts.join("");
  const length = content.length / 2;
  // From 128 on, the length is itself preceded by its number of bytes.
  const size = length < 0x80 ? byte(length) : length < 0x100 ? `81${byte(length)}` : `82${length.toString(16).padStart(4, "0")}`;
  return `${byte(tag)}${size}${content}`;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

function hex(text: string): string {
  return Buffer.from(text).toString("hex");
}
