/**
 * A secret and the forms that programs print it in: in JSON, in an address, in HTML, hexadecimal, and
 * base64 of a text that it is a part of, such as `x-access-token:SECRET`.
 */
export function formsOf(secret: string): readonly string[] {
  const encoded = encodeURIComponent(Buffer.from(secret).toString());
  return [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    encoded.replaceAll("%20", "+"),
    // As `encodeURIComponent`, and the marks that it leaves.
    encoded.replaceAll(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`),
    encoded.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase()),
    secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;"),
    secret.replaceAll("'", String.raw`'\''`),
    Buffer.from(secret).toString("hex"),
    ...[0, 1, 2].flatMap((before) => base64Of(secret, before)),
  ];
}

/**
 * What base64 makes of a secret that stands so many bytes after a multiple of three. The characters
 * at both ends, which its neighbours share, are left out.
 */
function base64Of(secret: string, before: number): readonly string[] {
  const bytes = Buffer.concat([Buffer.alloc(before), Buffer.from(secret)]);
  const [start, end] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
  return [bytes.toString("base64").slice(start, end), bytes.toString("base64url").slice(start, end)];
}
