#!/bin/sh
# Starts the services of the packages with their init scripts, as after a boot, and prints what they
# do. Run in a root where the packages are installed, in a network of its own.
set -eu

python3 - <<'END'
import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))
END

rm -rf /run/openvswitch /run/ovn
services="openvswitch-switch ovn-central ovn-host"
for name in $services; do
    "/etc/init.d/$name" start > "/$name.log" 2>&1 || { cat "/$name.log" >&2; exit 1; }
done
for name in $services; do
    "/etc/init.d/$name" status > /dev/null && echo "$name: running"
done

# Without a kernel module, the bridge is one of the userspace datapath.
ovs-vsctl --timeout=20 set open . external-ids:ovn-remote=unix:/run/ovn/ovnsb_db.sock \
    external-ids:ovn-encap-type=geneve external-ids:ovn-encap-ip=127.0.0.1 \
    external-ids:ovn-bridge-datapath-type=netdev
ovn-nbctl --timeout=60 --wait=sb sync
chassis=$(ovs-vsctl --timeout=20 get open . external-ids:system-id | tr -d '"')
ovn-sbctl --timeout=60 wait-until Chassis "$chassis" && echo "ovn-controller: registered"

ovn-nbctl --timeout=20 set-connection ptcp:6641:127.0.0.1
ovn-sbctl --timeout=20 set-connection ptcp:6642:127.0.0.1
for port in 6641 6642; do
    # The server listens a moment after it has read its database.
    tries=0
    until databases=$(ovsdb-client --timeout=20 list-dbs "tcp:127.0.0.1:$port" 2> /client.log); do
        tries=$((tries + 1))
        test "$tries" -lt 100 || { cat /client.log >&2; exit 1; }
        sleep 0.1
    done
    echo "$port: $(echo "$databases" | grep OVN)"
done

for name in ovn-host ovn-central openvswitch-switch; do
    "/etc/init.d/$name" stop > "/$name.log" 2>&1 || { cat "/$name.log" >&2; exit 1; }
done
