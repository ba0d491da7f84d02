/** Programs of debhelper(7) that only change what is compiled, in the order in which dh(1) runs them. */
const configuring = ["dh_update_autotools_config", "dh_autoreconf", "dh_auto_configure"];
const building = ["dh_auto_build", "dh_auto_test"];

/** debian/rules whose target `build` ends when the source is configured. */
export function rulesToConfigure(rules: string): string {
  return without(building, rules);
}

/** debian/rules whose target `build` compiles what is configured already. */
export function rulesWhenConfigured(rules: string): string {
  return without(configuring, rules);
}

/** Targets that do nothing, instead of those of the rules: make warns when a target is given twice. */
function without(programs: readonly string[], rules: string): string {
  const own = new RegExp(`^(override|execute_before|execute_after)_(${programs.join("|")})(?=[ \\t]*:)`, "gm");
  const empty = programs.map((program) => `override_${program}:\n`).join("");
  return `${rules.replaceAll(own, "unused_$1_$2").trimEnd()}\n\n# Added by kovn-build: not done here.\n${empty}`;
}
