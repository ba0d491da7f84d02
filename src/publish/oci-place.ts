import { BuildError } from "../errors.ts";
import { isLoopback } from "../sys/loopback.ts";
import type { Repository } from "../sys/registry-login.ts";

/** Where images go: a repository of a registry, and a tag; undefined for one that the set names. */
export interface ImagePlace extends Repository {
  readonly tag: string | undefined;
}

/** The grammar of the distribution specification; a host has a dot or a port, or is `localhost`. */
const host = /^(?:localhost|(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+|\[[0-9a-f:]+\]|[a-z0-9-]+(?=:))(?::\d{1,5})?$/i;
const name = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const tag = /^\w[\w.-]{0,127}$/;
const longestName = 255;

/**
 * Reads `HOST/NAME[:TAG]`. Without a scheme, a registry has TLS, except on this machine. Throws
 * "usage".
 */
export function readImagePlace(place: string): ImagePlace {
  const refused = (why: string, hint = "--to oci=HOST/NAME[:TAG], such as oci=registry.example.com/OWNER/packages:1.12.1") =>
    new BuildError("usage", why, { hint });
  if (/^(?:https?:\/\/)?[^/]*@/.test(place)) throw hasLogin();
  const [, scheme, server = "", rest = ""] = /^(https?:\/\/)?([^/]*)\/(.*)$/.exec(place) ?? [];
  const digest = rest.indexOf("@");
  if (digest >= 0) throw refused(`\`oci=${place}\` names a digest; images are published to a tag.`);
  const [path = "", ...tags] = rest.split(":");
  const [named] = tags;
  if (!host.test(server))
    throw refused(
      `\`oci=${place}\` does not begin with the host of a registry.`,
      `such as oci=docker.io/${place.split(":")[0]} for Docker Hub`,
    );
  if (!name.test(path) || path.length > longestName)
    throw refused(
      `\`${path}\` in \`oci=${place}\` is not the name of a repository: small letters, digits, and \`.\`, \`_\`, \`-\`, \`/\` between them.`,
    );
  if (tags.length > 1 || (named !== undefined && !tag.test(named)))
    throw refused(
      `\`${tags.join(":")}\` in \`oci=${place}\` is not a tag: at most 128 letters, digits and \`_.-\`, of which the first is not \`.\` or \`-\`.`,
    );
  // Docker Hub has its API elsewhere.
  const api = server === "docker.io" ? "registry-1.docker.io" : server;
  const plain = isLoopback(new URL(`http://${server}`).hostname);
  return { host: server, api: `${scheme ?? (plain ? "http://" : "https://")}${api}`, name: path, tag: named };
}

/** The error for an address with a login, which it does not quote. */
export function hasLogin(): BuildError {
  return new BuildError("usage", "The destination oci= has a user or a password.", {
    hint: "log in with docker login or podman login, or set DOCKER_AUTH_CONFIG",
  });
}

/** Throws "usage" for a tag that is too long with what is added to it. */
export function assertTagLength(whole: string): void {
  if (tag.test(whole)) return;
  throw new BuildError("usage", `The tag \`${whole}\` is too long: a registry takes 128 characters.`, {
    hint: "give a shorter TAG",
  });
}
