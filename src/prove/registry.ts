import type { Check } from "./check.ts";
import { electionTimer } from "./entries/01-election-timer.ts";
import { fdbLog } from "./entries/02-fdb-log.ts";
import { macLearning } from "./entries/03-mac-learning.ts";
import { joinClusterSid } from "./entries/04-join-cluster-sid.ts";
import { sslListener } from "./entries/05-ssl-listener.ts";
import { serviceCidr } from "./entries/06-service-cidr.ts";
import { ecmp } from "./entries/07-ecmp.ts";
import { packetExecute } from "./entries/08-packet-execute.ts";
import { windowsRunner } from "./entries/09-windows-runner.ts";
import { defaultEndpoint, windowsEndpoint } from "./entries/10-default-endpoint.ts";
import { daemonOptions, windowsDaemonOptions } from "./entries/11-daemon-options.ts";
import { sourceRoutes } from "./entries/12-source-routes.ts";
import { broadcastArp } from "./entries/13-broadcast-arp.ts";
import { emptyLoadBalancer } from "./entries/14-load-balancer.ts";
import { destinationMac } from "./entries/15-destination-mac.ts";
import { memory, windowsMemory } from "./entries/16-memory.ts";
import { multicast } from "./entries/17-multicast.ts";
import { debOptions } from "./entries/18-deb-options.ts";

/** One check for each entry of the seed, in its order, for Linux programs. */
const checks: readonly Check[] = [
  electionTimer,
  fdbLog,
  macLearning,
  joinClusterSid,
  sslListener,
  serviceCidr,
  ecmp,
  packetExecute,
  windowsRunner,
  defaultEndpoint,
  daemonOptions,
  sourceRoutes,
  broadcastArp,
  emptyLoadBalancer,
  destinationMac,
  memory,
  multicast,
  debOptions,
];

/** The checks that differ for Windows programs. */
const windowsChecks: readonly Check[] = [
  notOnWindows(5, "a change of `ovn-ctl`, a shell script that Windows does not have"),
  windowsEndpoint,
  windowsDaemonOptions,
  windowsMemory,
];

/** One check for each entry of the seed, in its order, for programs of that system. */
export function checksFor(system: "linux" | "windows"): readonly Check[] {
  if (system === "linux") return checks;
  return checks.map((check) => windowsChecks.find(({ entry }) => entry === check.entry) ?? check);
}

/** A check for an entry that changes something which Windows does not have: always skipped. */
function notOnWindows(entry: number, reason: string): Check {
  return { entry, behavior: reason, programs: [], files: [], unpatched: "same", observe: async () => ({ skipped: reason }) };
}
