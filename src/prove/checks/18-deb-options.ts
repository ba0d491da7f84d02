import type { Check } from "../check.ts";
import { sourceFact } from "../source-fact.ts";

/** Entry 18: a hook of OVN's package build. Merged upstream in 22.03. */
export const debOptions: Check = {
  entry: 18,
  behavior:
    "checked in the source, since it is a rule of the package build: debian/rules passes EXTRA_CONFIGURE_OPTS to configure; merged upstream in 22.03.0",
  programs: [],
  files: [],
  unpatched: "same",
  observe: async ({ readSource }) => {
    const file = await readSource("debian/rules");
    if (file === undefined)
      return {
        skipped:
          "a rule of the package build, merged upstream in 22.03.0: programs do not show it, `kovn-build patches check` does",
      };
    return [sourceFact(`${file.where}: EXTRA_CONFIGURE_OPTS`, file.text, /dh_auto_configure .*\$\(EXTRA_CONFIGURE_OPTS\)/s)];
  },
};
