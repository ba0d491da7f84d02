#!/bin/sh
# Cuts the last record of a clustered database, and prints what becomes of it.
set -eu
cd "$(mktemp -d)"
export OVS_RUNDIR="$PWD"
ovsdb-tool create-cluster c.db /usr/share/openvswitch/vswitch.ovsschema "unix:$PWD/c.raft"

# serve COMMAND: runs it while a server has the database.
serve() {
    ovsdb-server --detach --no-chdir --pidfile=c.pid --unixctl="$PWD/c.ctl" --log-file="$PWD/c.log" \
        --remote="punix:$PWD/db.sock" c.db
    "$@"
    ovs-appctl -t "$PWD/c.ctl" exit
    while test -e c.pid; do sleep 0.1; done
}

serve sh -euc 'for bridge in br0 br1; do ovs-vsctl --timeout=60 --no-wait add-br $bridge; done'
truncate -s -3 c.db
ovsdb-tool check-cluster c.db > /dev/null 2>&1 && echo "cut: not seen" || echo "cut: seen"
ovsdb-tool fix-cluster c.db > fix.log 2>&1 || { cat fix.log >&2; exit 1; }
ovsdb-tool check-cluster c.db
echo "bridges: $(serve ovs-vsctl --timeout=60 list-br | head -n 1)"
