/**
 * The options that take Open vSwitch from Debian's package, so that the only network it needs is a
 * Debian mirror. Later lines have an Open vSwitch that no Debian package has.
 */
export const fromDebian = ["--line", "1.12", "--from", "apt"];

/** The options of the build of Open vSwitch that the tests share. */
export const ovsArgs = ["--target", "linux", "--only", "ovs", ...fromDebian];
