/**
 * Makes a GUID from a digest in hexadecimal (RFC 9562, version 8): the same content has the same
 * GUID.
 */
export function guidOf(digest: string): string {
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-8${digest.slice(13, 16)}-a${digest.slice(17, 20)}-${digest.slice(20, 32)}`;
}
