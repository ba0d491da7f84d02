/**
 * Secrets that show by what is before them (the first group of each expression, which stays), or by
 * their own shape.
 */
const shapes: readonly RegExp[] = [
  // User and password of an address; the user that logs in by ssh is not a secret.
  /((?<!ssh|sftp):\/\/)[^/\s?#"'`<>]+(?=@)/gi,
  /(:\/\/[^/\s?#:@]*:)[^/\s?#"'`<>]+(?=@)/g,
  /([?&;](?:[\w-]*token|[\w-]*key|[\w-]*secret|password|passwd|pwd|sig|signature|auth)=)[^&\s;"'`<>#]+/gi,
  // Addresses that are secrets themselves.
  /(:\/\/hooks\.slack\.com\/\w+\/)[\w/-]+/gi,
  /(:\/\/(?:\w+\.)?discord(?:app)?\.com\/api\/webhooks\/)[\w/-]+/gi,
  // A header, as `curl -v` and git's traces show it, and a line of .npmrc.
  /(\bauthorization["']?\s*[:=]\s*["']?(?:(?:basic|bearer|token)\s+)?)(?!(?:basic|bearer|token)\s)[^\s"'`,]{8,}/gi,
  /(_(?:authToken|auth|password)\s*=\s*["']?)[^\s"'`]{8,}/g,
  // Tokens of GitHub, GitLab, npm, Slack and AWS; JSON web tokens.
  /()\b(?:gh[a-z]_[A-Za-z0-9]{30,}|github_pat_\w{22,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{36}|xox[a-z]-[\w-]{10,}|A(?:KIA|SIA)[A-Z0-9]{16})\b/g,
  /()\beyJ[\w-]{8,2000}\.eyJ[\w-]{8,2000}\.[\w-]+/g,
];

/** Masks what has the shape of a secret. */
export function withoutShapes(text: string): string {
  return shapes.reduce((masked, shape) => masked.replaceAll(shape, "$1***"), text);
}

/** Lists what has the shape of a secret. */
export function secretsIn(text: string): readonly string[] {
  return shapes
    .flatMap((shape) => [...text.matchAll(shape)].map(([all, before = ""]) => all.slice(before.length)))
    .flatMap(secretParts);
}

/** Both parts of `USER:PASSWORD` may be masked; a user only where no password is. */
function secretParts(found: string): readonly string[] {
  const [, user = "", password = ""] = /^([^:]*):(.*)$/s.exec(found) ?? [];
  const part = password === "" || password === "x-oauth-basic" ? user : password;
  return [...(part === "" ? [found] : [part])].flatMap((one) => [one, decoded(one)]);
}

/** Decodes a part of an address, or returns it as it is when it cannot be decoded. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
