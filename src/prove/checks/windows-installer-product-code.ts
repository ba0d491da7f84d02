import type { Check } from "../check.ts";
import { noSource, sourceFact } from "../source-fact.ts";

/** How Windows recognizes a newer version of the installer. */
export const installerProductCode: Check = {
  patch: "windows-installer-product-code",
  behavior:
    "checked in the source, since it is the installer of Windows: each build has a product code of its own, so that a newer version replaces an older one",
  programs: [],
  files: [],
  unpatched: "differs",
  observe: async ({ readSource }) => {
    const file = await readSource("windows/ovs-windows-installer/Product.wxs");
    if (file === undefined) return noSource;
    const name = `${file.where}: WiX makes the product code`;
    return [sourceFact(name, file.text, /<Product Id="\*"/, /<Product Id="\{/)];
  },
};
