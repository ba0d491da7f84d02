import type { Check } from "./check.ts";
import { flags } from "./checks/flags.ts";
import { hardening } from "./checks/hardening.ts";
import { integrity } from "./checks/integrity.ts";
import { isa } from "./checks/isa.ts";
import { label } from "./checks/label.ts";
import { packages } from "./checks/packages.ts";
import { pair } from "./checks/pair.ts";

/** Every check, in the order in which they run. A new one is one file and one line here. */
export const checks: readonly Check[] = [integrity, label, flags, isa, hardening, packages, pair];
