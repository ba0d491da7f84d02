import { gnuCpu } from "../sys/gnu-cpu.ts";
import type { StepContext } from "./step.ts";

/** What dpkg-buildpackage(1) and debian/rules need to cross-compile; nothing where they do not. */
export function crossSettings({ arch, buildArch }: Pick<StepContext, "arch" | "buildArch">): {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
} {
  if (buildArch === undefined) return { args: [], env: {} };
  const [host, build] = [arch, buildArch].map((one) => `${gnuCpu(one)}-linux-gnu`);
  return {
    // Sources seldom say which of their build dependencies are programs (deb-src-control(5),
    // `:native`), so dpkg would ask for those of the other architecture.
    args: [`--host-arch=${arch}`, "--build-profiles=cross,nocheck", "--no-check-builddeps"],
    env: {
      // configure's --host and --build, for rules that run it without debhelper's.
      host_alias: `${host}`,
      build_alias: `${build}`,
      // What pybuild(1) sets to compile modules of Python, for rules that run setup.py themselves.
      _PYTHON_SYSCONFIGDATA_NAME: `_sysconfigdata__${host}`,
      // ccache looks at the compiler, not at the assembler.
      CCACHE_EXTRAFILES: `/usr/bin/${host}-as`,
    },
  };
}
