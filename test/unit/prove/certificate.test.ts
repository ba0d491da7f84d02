import { createPublicKey, X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { makeCertificate, makeKey } from "../../../src/prove/certificate.ts";

test("a certificate has its number, is of its key, and signed by it", () => {
  const key = makeKey();
  const certificate = new X509Certificate(makeCertificate(key, 7));
  expect(certificate.serialNumber).toBe("07");
  expect(certificate.subject).toBe("CN=kovn-build");
  expect(certificate.checkPrivateKey(key)).toBe(true);
  expect(certificate.verify(createPublicKey(key))).toBe(true);
  expect(certificate.verify(createPublicKey(makeKey()))).toBe(false);
});
