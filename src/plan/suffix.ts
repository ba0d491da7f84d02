/** The part of a version that names its variant: `.legacy`; nothing for `default`. */
export function variantSuffix(variant: string): string {
  return variant === "default" ? "" : `.${plain(variant)}`;
}

/**
 * The end of the versions of packages for a distribution: `.deb12` for `debian 12`, `.ubuntu24.04`
 * for `ubuntu 24.04`, nothing where it is unknown. dpkg(1) sorts them as the releases are sorted, so
 * an upgrade of the distribution gets the newer package.
 */
export function distributionSuffix(distribution: string | undefined): string {
  if (distribution === undefined) return "";
  const [id = "", release = ""] = distribution.split(" ");
  return plain(`.${id === "debian" ? "deb" : id}${release}`);
}

/** Without a hyphen, which would begin the Debian revision (Debian policy, 5.6.12). */
function plain(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9.+~]+/g, ".");
}
