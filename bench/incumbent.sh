#!/bin/sh
# The sequence of commands with which Kube-OVN builds its packages for amd64 (dist/images/Dockerfile.base), on two folders with patched sources
# of Open vSwitch and OVN, which are changed. Packages end beside them. CC_PATH is put before PATH, for a compiler cache.
#   bench/incumbent.sh OVS_FOLDER OVN_FOLDER
set -eu
ovs=$(cd "$1" && pwd)
ovn=$(cd "$2" && pwd)
export PATH="${CC_PATH:+$CC_PATH:}/usr/sbin:/usr/bin:/sbin:/bin" LC_ALL=C.UTF-8
flags=${CFLAGS:--O2 -g -msse4.2 -mpopcnt -fPIC}
unset CFLAGS
# A bash whose standard input is a socket reads ~/.bashrc (bash(1), "Invoked by remote shell daemon"), which may change PATH.
exec </dev/null

since=$(date +%s)
phase() {
  now=$(date +%s)
  echo "phase: $1: $((now - since)) s"
  since=$now
}

cd "$ovs"
./boot.sh
./configure
rm -rf .git
phase "OVS boot and configure"
DATAPATH_CONFIGURE_OPTS='--prefix=/usr' EXTRA_CONFIGURE_OPTS="CFLAGS=\"$flags\"" make debian-deb
phase "OVS packages"

cd "$ovn"
sed -i 's/OVN/ovn/g' debian/changelog
rm -rf .git
./boot.sh
phase "OVN boot"
OVSDIR=$ovs EXTRA_CONFIGURE_OPTS="--with-ovs-build=$ovs/_debian CFLAGS='$flags'" DEB_BUILD_OPTIONS="parallel=$(nproc) nocheck" \
  fakeroot debian/rules binary
phase "OVN packages"
