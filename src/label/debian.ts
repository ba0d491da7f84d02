import { BuildError } from "../errors.ts";
import { debianPurl } from "./purl.ts";
import type { Label } from "./label.ts";
import { makeOwnSbom, sbomName } from "./sbom.ts";

/** A binary package of a source, as debian/control has it. */
export interface BinaryPackage {
  readonly name: string;
  readonly architecture: string;
}

/** The folder below the source that has an SBOM for each package while they are built. */
export const sbomFolder = "debian/kovn-build";

/** Lists the binary packages of debian/control. */
export function binaryPackages(control: string): readonly BinaryPackage[] {
  return control.split(/\n\s*\n/).flatMap((paragraph) => {
    const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.+)$`, "m").exec(paragraph)?.[1]?.trim();
    const [name, architecture] = [field("Package"), field("Architecture")];
    return name === undefined || architecture === undefined ? [] : [{ name, architecture }];
  });
}

/**
 * Makes ours the maintainer of the packages in debian/control, and adds fields with the line and the
 * commits to each of them. The maintainer so far stays, as `Original-Maintainer`
 * (deb-src-control(5), "User-defined fields").
 */
export function ownControl(control: string, label: Label): string {
  const { by, line, base, patchedCommit, packaged } = label;
  const origin = base.kind === "git" ? `${base.url} ${base.commit}` : `${base.package} ${base.version}`;
  const fields = [
    ...(by === undefined ? [] : [`Maintainer: ${by}`]),
    `XB-Kovn-Line: ${line}`,
    `XB-Kovn-Base: ${origin}`,
    `XB-Kovn-Commit: ${(packaged ?? { commit: patchedCommit }).commit}`,
  ].join("\n");
  const source = /^Maintainer:.*$/m;
  if (!source.test(control)) throw new BuildError("build", "debian/control has no field Maintainer.");
  return control.replace(source, (old) => (by === undefined ? old : `XSBC-Original-${old}`).concat("\n", fields));
}

/**
 * Takes the binary packages that are not named out of a build: each gets a build profile that no build
 * has (deb-src-control(5)). With `DH_OPTIONS`, dh(1) would run every program, also those that have
 * nothing to do.
 */
export function onlyPackages(control: string, names: readonly string[]): string {
  const skip = (paragraph: string) => {
    const [, name] = /^Package:[ \t]*(\S+)/m.exec(paragraph) ?? [];
    if (name === undefined || names.includes(name)) return paragraph;
    return paragraph.replace(/^Build-Profiles:.*\n/m, "").replace(/^Package:.*$/m, "$&\nBuild-Profiles: <pkg.kovn-build.none>");
  };
  return control
    .split(/(\n\s*\n)/)
    .map(skip)
    .join("");
}

/**
 * Makes the entry on top of debian/changelog: what was built, and a bullet for each pick and patch. It
 * is the same on every architecture, as packages for all of them have it too.
 */
export function changelogEntry(label: Label, head: string): string {
  const { line, source, version, base, picks = [], series, packaging = [], epoch = 0, by = "kovn-build" } = label;
  const origin = base.kind === "git" ? `${base.url}, commit ${base.commit}` : `Debian's ${base.package} ${base.version}`;
  const bullets = [
    `Built by kovn-build: ${source} ${version} of Kube-OVN line ${line}.`,
    `Base: ${origin}.`,
    `Patched commit: ${label.patchedCommit}.`,
    ...picks.map((pick) => `Upstream's commit ${pick.commit.slice(0, 12)}: ${pick.why}`),
    ...[...series, ...packaging].map(
      ({ name, subject, seed }) => `${name}: ${subject}${seed === "none" ? "" : ` (seed ${seed})`}`,
    ),
  ];
  const date = new Date(epoch * 1000).toUTCString().replace("GMT", "+0000");
  return `${[`${head}; urgency=medium`, "", ...bullets.map(wrap), "", ` -- ${by}  ${date}`].join("\n")}\n`;
}

/** Breaks a bullet into lines of at most 79 characters. */
function wrap(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length + 1 > 75) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return `  * ${lines.join("\n    ")}`;
}

/** Makes the SBOM of a package. One for all architectures says nothing of any. */
export function packageSbom({ name, architecture }: BinaryPackage, version: string, label: Label): string {
  const { arch, flags: _, ...rest } = label;
  const isAll = architecture === "all";
  const purl = debianPurl("kube-ovn", name, version, isAll ? "all" : (arch ?? "all"));
  return makeOwnSbom({ name, version, purl }, isAll ? rest : label);
}

const target = "override_dh_md5sums";

/**
 * Adds to debian/rules that each package gets its SBOM: after dh_compress(1), which would compress it,
 * and no tool looks for an SBOM that is; before dh_md5sums(1), which lists it. debhelper's older levels
 * of compatibility, such as OVN's, know no other place than an override. Throws "build" for rules that
 * have one.
 */
export function ownRules(rules: string): string {
  if (new RegExp(`^${target}\\b`, "m").test(rules))
    throw new BuildError("build", `debian/rules has a target \`${target}\`, which kovn-build adds.`);
  return `${rules.trimEnd()}

# Added by kovn-build: the SBOM of each package.
${target}:
	set -e; for name in $$(dh_listpackages); do \\
	  install -D --mode=644 ${sbomFolder}/$$name.cdx.json debian/$$name/usr/share/doc/$$name/${sbomName}; \\
	done
	dh_md5sums
`;
}
