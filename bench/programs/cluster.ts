/** A row to insert, as an operation of OVSDB (RFC 7047, 5.2.1). */
export interface Insert {
  readonly op: "insert";
  readonly table: string;
  readonly row: Readonly<Record<string, unknown>>;
  readonly "uuid-name"?: string;
}

/** How large a cluster is. */
export interface ClusterSize {
  readonly switches: number;
  /** Of each switch. */
  readonly ports: number;
  /** All switches share them; each has one. */
  readonly loadBalancers: number;
  /** Of all load balancers together. */
  readonly vips: number;
}

const set = (values: readonly unknown[]) => ["set", values];
const map = (values: Readonly<Record<string, string>>) => ["map", Object.entries(values)];
const named = (name: string) => ["named-uuid", name];

/**
 * The rows of a northbound database as Kube-OVN makes them: a router with a switch for each subnet, ports with a fixed address,
 * load balancers of services on all switches, and network policies as ACLs on port groups.
 */
export function makeCluster({ switches, ports, loadBalancers, vips }: ClusterSize): readonly Insert[] {
  const rows: Insert[] = [];
  const add = (table: string, name: string, row: Readonly<Record<string, unknown>>) => {
    rows.push({ op: "insert", table, row, "uuid-name": name });
    return named(name);
  };
  const balancers = count(loadBalancers, (index) => add("Load_Balancer", `lb${index}`, balancer(index, vips / loadBalancers)));
  const routerPorts = count(switches, (index) =>
    add("Logical_Router_Port", `lrp${index}`, {
      name: `router-s${index}`,
      mac: mac(200, index),
      networks: `${subnet(index)}.1/24`,
    }),
  );
  add("Logical_Router", "router", { name: "router", ports: set(routerPorts) });
  for (let index = 0; index < switches; index++) {
    const own = count(ports, (port) =>
      add("Logical_Switch_Port", `p${index}x${port}`, {
        name: portName(index, port),
        addresses: `${mac(index, port)} ${subnet(index)}.${port + 10}`,
        port_security: `${mac(index, port)} ${subnet(index)}.${port + 10}`,
      }),
    );
    const up = add("Logical_Switch_Port", `up${index}`, {
      name: `s${index}-router`,
      type: "router",
      addresses: "router",
      options: map({ "router-port": `router-s${index}` }),
    });
    add("Logical_Switch", `s${index}`, {
      name: `s${index}`,
      ports: set([...own, up]),
      load_balancer: set(balancers.slice(index % loadBalancers, (index % loadBalancers) + 1)),
    });
    const acls = count(4, (rule) =>
      add("ACL", `acl${index}x${rule}`, {
        priority: 1000 + rule,
        direction: "to-lport",
        action: rule === 0 ? "drop" : "allow-related",
        match: rule === 0 ? `outport == @pg${index}` : `outport == @pg${index} && ip4 && tcp.dst == ${8000 + rule}`,
      }),
    );
    add("Port_Group", `pg${index}`, { name: `pg${index}`, ports: set(own), acls: set(acls) });
  }
  return rows;
}

/** The name of a port of a switch. */
export function portName(index: number, port: number): string {
  return `s${index}-p${port}`;
}

function balancer(index: number, vips: number): Insert["row"] {
  const backend = (vip: number) => count(3, (at) => `${subnet(vip % 250)}.${10 + at}:8080`).join(",");
  const services = count(vips, (vip) => [`172.${16 + index}.${Math.floor(vip / 250)}.${vip % 250}:80`, backend(vip)]);
  return { name: `lb${index}`, protocol: "tcp", vips: ["map", services] };
}

function subnet(index: number): string {
  return `10.${Math.floor(index / 250)}.${index % 250}`;
}

function mac(high: number, low: number): string {
  const byte = (value: number) => value.toString(16).padStart(2, "0");
  return ["02", "00", byte(high >> 8), byte(high & 255), byte(low >> 8), byte(low & 255)].join(":");
}

function count<T>(many: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: many }, (_, index) => make(index));
}
