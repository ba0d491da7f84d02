const secretName = /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|(API|PRIVATE|ACCESS|SIGNING)_?KEY/i;
/** Characters. Masking shorter values would also mask ordinary words. */
const shortest = 8;

/**
 * Makes the function that masks secrets in a text: values of variables with the name of a secret,
 * such as `GITHUB_TOKEN`, line by line, and passwords of proxies and in URLs.
 */
export function makeMask(env: Readonly<Record<string, string | undefined>>): (text: string) => string {
  const secrets = Object.entries(env)
    .flatMap(([name, value = ""]) => (secretName.test(name) ? value.split("\n") : passwordsOf(name, value)))
    .filter((value) => value.trim().length >= shortest)
    .toSorted((a, b) => b.length - a.length);
  return (text) => {
    const plain = secrets.reduce((masked, secret) => masked.replaceAll(secret, "***"), text);
    return plain.includes("://") ? plain.replaceAll(/(:\/\/[^/\s:@]*:)[^/\s@]+@/g, "$1***@") : plain;
  };
}

/** The password in the address of a proxy, which needs no scheme: as it is written, and decoded. */
function passwordsOf(name: string, value: string): readonly string[] {
  const [, password] = /_proxy$/i.test(name) ? (/^(?:\w+:\/\/)?[^:@]*:(.*)@/.exec(value) ?? []) : [];
  if (password === undefined) return [];
  return [password, new URLSearchParams(`value=${password.replaceAll("+", "%2B")}`).get("value") ?? ""];
}
