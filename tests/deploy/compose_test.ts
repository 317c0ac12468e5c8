import assert from "node:assert/strict";
import { parse } from "yaml";
import { SETTINGS } from "../../src/server/config_schema.ts";

const DEPLOY = new URL("../../deploy/", import.meta.url);

/** The files, what Prometheus reads beside each, and the servers in it. */
const SCENES = [
  { compose: "compose.yaml", prometheus: "prometheus.yml", servers: ["switchboard"] },
  {
    compose: "compose.cluster.yaml",
    prometheus: "prometheus.cluster.yml",
    servers: ["switchboard-1", "switchboard-2"],
  },
];

/** What the tests look at in a service. */
interface Service {
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly networks?: readonly string[];
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly mem_limit?: string;
  readonly network_mode?: string;
  readonly privileged?: boolean;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, { readonly internal?: boolean }>>;
}

function read(file: string): Compose {
  return parse(Deno.readTextFileSync(new URL(file, DEPLOY)), { merge: true });
}

/** Whether a port of the host leads to that one of the service. */
function isPublished({ ports = [] }: Service, port: string): boolean {
  return ports.some((published) => published.includes(`:${port}/`));
}

const PERMISSIONS = { read: [DEPLOY], env: true } satisfies Deno.PermissionOptionsObject;

for (const { compose, prometheus, servers } of SCENES) {
  Deno.test({
    name: `B267: each service of ${compose} has a root that it cannot write to, no capability, and a limit of memory`,
    permissions: PERMISSIONS,
    fn() {
      for (const [name, service] of Object.entries(read(compose).services)) {
        assert.equal(service.read_only, true, name);
        assert.deepEqual(service.cap_drop, ["ALL"], name);
        assert.deepEqual(service.security_opt, ["no-new-privileges:true"], name);
        assert.match(service.mem_limit ?? "", /^\d+[mg]$/, name);
        assert.equal(service.network_mode, undefined, name);
        assert.equal(service.privileged, undefined, name);
      }
    },
  });

  Deno.test({
    name:
      `Prometheus scrapes the numbers of ${compose} by a network that leads nowhere else, and no host port leads there`,
    permissions: PERMISSIONS,
    fn() {
      const { services, networks } = read(compose);
      const { scrape_configs: [job] } = parse(Deno.readTextFileSync(new URL(prometheus, DEPLOY)));
      assert.deepEqual(job.static_configs, [{
        targets: servers.map((name) => `${name}:${services[name].environment?.METRICS_PORT}`),
      }]);
      assert.equal(networks.metrics.internal, true);
      for (const name of servers) {
        assert(services[name].networks?.includes("metrics") && services.prometheus.networks?.includes("metrics"));
        assert.equal(isPublished(services[name], services[name].environment?.METRICS_PORT ?? ""), false);
      }
      assert.deepEqual(services.prometheus.ports, ["127.0.0.1:9090:9090/tcp"]);
    },
  });

  Deno.test({
    name: `${compose} sets settings that there are, and publishes each port of media at its own number`,
    permissions: PERMISSIONS,
    fn() {
      const { services } = read(compose);
      const variables = SETTINGS.map(({ variable }) => variable);
      for (const name of servers) {
        const { environment = {}, ports = [] } = services[name];
        for (const setting of Object.keys(environment)) assert(variables.includes(setting), setting);
        assert(ports.includes(`${environment.UDP_PORT}:${environment.UDP_PORT}/udp`));
        assert(ports.includes(`${environment.TCP_PORT}:${environment.TCP_PORT}/tcp`));
      }
    },
  });
}

Deno.test({
  name:
    "the servers of compose.cluster.yaml share rooms by a broker that no port of the host leads to, and end behind a drain",
  permissions: PERMISSIONS,
  fn() {
    const { services, networks } = read("compose.cluster.yaml");
    const { nats, "switchboard-1": one, "switchboard-2": two } = services;
    assert.equal(one.environment?.BUS, two.environment?.BUS);
    assert.match(one.environment?.BUS ?? "", /^nats:\/\/\$\{BUS_TOKEN\b.*\}@nats:4222$/);
    assert.notEqual(one.environment?.UDP_PORT, two.environment?.UDP_PORT);
    assert.deepEqual([nats.ports, nats.networks, networks.bus.internal], [undefined, ["bus"], true]);
    for (const { environment, networks, stop_grace_period: grace = "" } of [one, two]) {
      assert(networks?.includes("bus"));
      assert(parseInt(grace) > parseInt(environment?.DRAIN ?? ""));
    }
  },
});
