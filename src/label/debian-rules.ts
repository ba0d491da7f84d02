/** Programs of debhelper(7) that only change what is compiled, in the order in which dh(1) runs them. */
const programsOf = {
  autoreconf: ["dh_update_autotools_config", "dh_autoreconf"],
  configure: ["dh_auto_configure"],
  compile: ["dh_auto_build", "dh_auto_test"],
};

/** debian/rules whose target `build` does only these parts of what it does. */
export function rulesFor(parts: readonly (keyof typeof programsOf)[], rules: string): string {
  const others = Object.entries(programsOf).flatMap(([part, names]) => (parts.some((one) => one === part) ? [] : names));
  return without(others, rules);
}

/** Targets that do nothing, instead of those of the rules: make warns when a target is given twice. */
function without(programs: readonly string[], rules: string): string {
  const own = new RegExp(`^(override|execute_before|execute_after)_(${programs.join("|")})(?=[ \\t]*:)`, "gm");
  const empty = programs.map((program) => `override_${program}:\n`).join("");
  return `${rules.replaceAll(own, "unused_$1_$2").trimEnd()}\n\n# Added by kovn-build: not done here.\n${empty}`;
}

/**
 * debian/rules that make debug packages with gzip, which dpkg-deb(1) makes with xz: dh_strip(1) has
 * compressed what is in them, so xz takes ten times as long for 1 % less. dh_builddeb(1) has one way of
 * compressing for all packages, so it is run twice; what the first run made of the others is written
 * over. Rules that have the target themselves stay as they are.
 */
export function rulesToPack(rules: string): string {
  if (/^override_dh_builddeb\b/m.test(rules)) return rules;
  return `${rules.trimEnd()}

# Added by kovn-build: debug packages with gzip, the others as always.
override_dh_builddeb:
	dh_builddeb -- -Zgzip
	rm -rf debian/.debhelper/*/dbgsym-root
	dh_builddeb
`;
}
