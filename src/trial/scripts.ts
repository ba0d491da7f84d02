// Shell scripts that run in the copy of a root where packages are tried. Values come in environment
// variables. Each prints rows that are read.

/** Installs the files of packages in `/debs`, as `apt-get install ./FILE.deb` of a person does, with $OPTIONS. */
export const installPackages = `
apt-get -q -y \${OPTIONS:-} -o APT::Sandbox::User=root -o APT::Install-Recommends=false install /debs/*.deb`;

/** Prints `name version state` of the packages $PACKAGES. */
export const listPackages = "dpkg-query --show --showformat='${Package} ${Version} ${db:Status-Abbrev}\\n' $PACKAGES";

/** Prints `name version` of the installed packages that are newer than their file in `/debs`. */
export const listNewer = `
for file in /debs/*.deb; do
    name=$(dpkg-deb --field "$file" Package)
    old=$(dpkg-query --show --showformat='\${Version}' "$name" 2> /dev/null) || continue
    if dpkg --compare-versions "$old" gt "$(dpkg-deb --field "$file" Version)"; then echo "$name $old"; fi
done`;

/** Prints the files of the packages $PACKAGES that are not as they were packed. */
export const verifyPackages = "dpkg --verify $PACKAGES";

/** Reads paths of programs, and prints `path: library` for each library that is not found. */
export const findLibraries = `
while read -r program; do
    ldd "$program" 2>&1 | sed -n "s|^[[:space:]]*\\(.*\\) => not found.*|$program: \\1|p"
done`;

/** Prints the path of everything there is. */
export const listFiles = "find / -xdev -mindepth 1 | LC_ALL=C sort";

/** Removes the packages $PACKAGES with their settings. */
export const purgePackages = "apt-get -q -y purge $PACKAGES";

const start = `
for name in $SERVICES; do
    test -x "/etc/init.d/$name" || continue
    "/etc/init.d/$name" start > "/tmp/$name.log" 2>&1 || { cat "/tmp/$name.log" >&2; echo "$name does not start" >&2; exit 1; }
    started="\${started:-} $name"
done
for name in \${started:-}; do
    "/etc/init.d/$name" status > "/tmp/$name.log" 2>&1 || { cat "/tmp/$name.log" >&2; echo "$name does not run" >&2; exit 1; }
done`;

const stop = `
for name in $(printf '%s\\n' \${started:-} | tac); do
    "/etc/init.d/$name" stop > "/tmp/$name.log" 2>&1 || { cat "/tmp/$name.log" >&2; echo "$name does not stop" >&2; exit 1; }
    echo "service $name"
done`;

/**
 * Starts the services $SERVICES that are there, as their init scripts do after a boot, lets
 * ovn-controller register, and stops them. Prints `service NAME` for each, and `registered`.
 * Without a kernel module, OVN's bridge is one of the userspace datapath.
 */
export const runServices = `${start}
if test -x /etc/init.d/ovn-central && test -x /etc/init.d/ovn-host; then
    ovs-vsctl --timeout=20 set open . external-ids:ovn-remote=unix:/run/ovn/ovnsb_db.sock \\
        external-ids:ovn-encap-type=geneve external-ids:ovn-encap-ip=127.0.0.1 \\
        external-ids:ovn-bridge-datapath-type=netdev
    ovn-nbctl --timeout=60 --wait=sb sync
    chassis=$(ovs-vsctl --timeout=20 get open . external-ids:system-id | tr -d '"')
    ovn-sbctl --timeout=60 wait-until Chassis "$chassis"
    echo registered
fi${stop}`;

/** Lets the distribution's own Open vSwitch make a bridge, which is in its database then. */
export const makeBridge = `${start}
ovs-vsctl --timeout=20 add-br kovn0 -- set bridge kovn0 datapath_type=netdev${stop}`;

/** Prints `bridge NAME` for each bridge in the database. */
export const listBridges = `${start}
ovs-vsctl --timeout=20 list-br | sed 's/^/bridge /'${stop}`;
