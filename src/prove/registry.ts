import { isLineSince } from "../config/lines.ts";
import { nameOf, type Check, type Subject } from "./check.ts";
import { electionTimer } from "./checks/01-election-timer.ts";
import { fdbLog } from "./checks/02-fdb-log.ts";
import { macLearning } from "./checks/03-mac-learning.ts";
import { joinClusterSid } from "./checks/04-join-cluster-sid.ts";
import { sslListener } from "./checks/05-ssl-listener.ts";
import { serviceCidr } from "./checks/06-service-cidr.ts";
import { ecmp } from "./checks/07-ecmp.ts";
import { ecmpPolicies } from "./checks/07-ecmp-policies.ts";
import { packetExecute } from "./checks/08-packet-execute.ts";
import { windowsRunner } from "./checks/09-windows-runner.ts";
import { defaultEndpoint, windowsEndpoint } from "./checks/10-default-endpoint.ts";
import { daemonOptions, windowsDaemonOptions } from "./checks/11-daemon-options.ts";
import { newerSourceRoutes, sourceRoutes } from "./checks/12-source-routes.ts";
import { broadcastArp, noBroadcastArp } from "./checks/13-broadcast-arp.ts";
import { emptyLoadBalancer } from "./checks/14-load-balancer.ts";
import { destinationMac } from "./checks/15-destination-mac.ts";
import { memory, windowsMemory } from "./checks/16-memory.ts";
import { multicast } from "./checks/17-multicast.ts";
import { debOptions } from "./checks/18-deb-options.ts";
import { noGarp } from "./checks/controller-kube-ovn-no-garp.ts";
import { dhcpv6OptionLength } from "./checks/pinctrl-dhcpv6-option-length.ts";
import { fixCluster } from "./checks/ovsdb-tool-fix-cluster.ts";
import { inactivityProbe } from "./checks/inactivity-probe.ts";
import { netemJitter } from "./checks/netem-jitter.ts";
import { lportNetworks } from "./checks/northd-ls-ct-skip-dst-lport-ips.ts";
import { nodeLocalDns } from "./checks/northd-node-local-dns-ip.ts";
import { kubeIpvs } from "./checks/ovs-router-kube-ipvs0.ts";
import { versionCompatibility } from "./checks/northd-version-compatibility.ts";
import { rejoinCluster } from "./checks/ovsdb-tool-rejoin-cluster.ts";
import { skipConntrack } from "./checks/northd-skip-conntrack.ts";
import { arpFromLocalnet } from "./checks/northd-arp-localnet.ts";
import { modDlSrc } from "./checks/northd-ls-router-mod-dl-src.ts";
import { bfdOnly } from "./checks/northd-lrp-bfd-only.ts";
import { bfdOfNoPort } from "./checks/northd-bfd-null-check.ts";
import { keyAndCertificate } from "./checks/stream-ssl-key-and-cert.ts";
import { installerProductCode } from "./checks/windows-installer-product-code.ts";

/**
 * The checks for Linux programs: one for each entry of the seed, in its order, then one for each
 * patch that belongs to none, and for picks.
 */
const checks: readonly Check[] = [
  electionTimer,
  fdbLog,
  macLearning,
  joinClusterSid,
  sslListener,
  serviceCidr,
  ecmp,
  ecmpPolicies,
  packetExecute,
  windowsRunner,
  defaultEndpoint,
  daemonOptions,
  sourceRoutes,
  newerSourceRoutes,
  broadcastArp,
  noBroadcastArp,
  emptyLoadBalancer,
  destinationMac,
  memory,
  multicast,
  debOptions,
  installerProductCode,
  noGarp,
  dhcpv6OptionLength,
  fixCluster,
  inactivityProbe,
  netemJitter,
  lportNetworks,
  nodeLocalDns,
  kubeIpvs,
  versionCompatibility,
  rejoinCluster,
  skipConntrack,
  arpFromLocalnet,
  modDlSrc,
  bfdOnly,
  bfdOfNoPort,
  keyAndCertificate,
];

/** The checks that differ for Windows programs. */
const windowsChecks: readonly Check[] = [
  notOnWindows({ entry: 5 }, "a change of `ovn-ctl`, a shell script that Windows does not have"),
  windowsEndpoint,
  windowsDaemonOptions,
  windowsMemory,
  notOnWindows({ patch: "stream-ssl-key-and-cert" }, "a change of SSL, without which the Windows programs are built"),
  notOnWindows({ pick: "a6195e2c4" }, "a change of the queueing disciplines of Linux"),
];

/** The checks for programs of that system on a line, in the order in which they run. */
export function checksFor(system: "linux" | "windows", line: string): readonly Check[] {
  const all = system === "linux" ? checks : [...checks, ...windowsChecks];
  const ofLine = all.filter(({ since }) => since === undefined || isLineSince(line, since));
  const last = new Map(ofLine.map((check) => [nameOf(check), check]));
  return [...last.values()];
}

/** A check for a change of something that Windows does not have: always skipped. */
function notOnWindows(subject: Subject, reason: string): Check {
  return { ...subject, behavior: reason, programs: [], files: [], unpatched: "same", observe: async () => ({ skipped: reason }) };
}
