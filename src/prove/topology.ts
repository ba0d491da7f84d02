import type { Northd } from "./northd.ts";

/** Adds a port to a switch that connects it to the port of a router. */
export async function attachRouter({ nbctl }: Pick<Northd, "nbctl">, ls: string, lrp: string): Promise<void> {
  const port = `${ls}-lr`;
  await nbctl("lsp-add", ls, port, "--", "lsp-set-type", port, "router");
  await nbctl("lsp-set-options", port, `router-port=${lrp}`, "--", "lsp-set-addresses", port, "router");
}

/** Adds a port `ln` to a switch that connects it to the network `physical`. */
export async function attachLocalnet({ nbctl }: Pick<Northd, "nbctl">, ls: string, ...options: readonly string[]): Promise<void> {
  await nbctl("lsp-add", ls, "ln", "--", "lsp-set-type", "ln", "localnet", "--", "lsp-set-addresses", "ln", "unknown");
  await nbctl("lsp-set-options", "ln", "network_name=physical", ...options);
}
