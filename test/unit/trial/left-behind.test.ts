import { expect, test } from "vitest";
import { leftBehind } from "../../../src/trial/left-behind.ts";

test("what is new after purge is left behind, but for what apt, dpkg and users write, and for what stays for a reason", () => {
  const before = ["/etc", "/etc/default", "/var/log", "/run", ""];
  const after = [
    ...before,
    "/etc/openvswitch",
    "/etc/openvswitch/conf.db",
    "/etc/openvswitch/certs",
    "/etc/ovn",
    "/etc/ovn/ovnnb_db.db",
    "/etc/ovn/.ovnnb_db.db.~lock~",
    "/etc/ovn/certs",
    "/var/log/ovn",
    "/var/log/ovn/ovn-northd.log",
    "/etc/passwd-",
    "/run/ovn/ovn-northd.pid",
    "/var/lib/dpkg/info/demo.list",
    "/var/log/apt",
    "/var/log/apt/history.log",
    "/var/log/aptly",
    "/var/lib/apt-xapian",
  ];
  expect(leftBehind(before, after)).toEqual({
    unknown: ["/etc/openvswitch", "/etc/ovn/certs", "/var/log/aptly", "/var/lib/apt-xapian"],
    known: [
      { paths: ["/etc/ovn"], why: "upstream's packages keep the databases" },
      { paths: ["/var/log/ovn"], why: "upstream's packages keep logs" },
    ],
  });
});
