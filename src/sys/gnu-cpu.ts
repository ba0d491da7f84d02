/** GNU's and QEMU's names of Debian's architectures. */
const cpus: Readonly<Record<string, string>> = { amd64: "x86_64", arm64: "aarch64" };

/** What GNU and QEMU call the processors of an architecture, such as `aarch64` for `arm64`. */
export function gnuCpu(arch: string): string {
  return cpus[arch] ?? arch;
}
