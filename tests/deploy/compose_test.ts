import assert from "node:assert/strict";
import { parse } from "yaml";
import { SETTINGS } from "../../src/server/config_schema.ts";

const COMPOSE = new URL("../../deploy/compose.yaml", import.meta.url);

const PROMETHEUS = new URL("../../deploy/prometheus.yml", import.meta.url);

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
}

function readServices(): Readonly<Record<string, Service>> {
  return parse(Deno.readTextFileSync(COMPOSE)).services;
}

Deno.test({
  name:
    "B267: each service of the compose file has a root that it cannot write to, no capability, and a limit of memory",
  permissions: { read: [COMPOSE], env: true },
  fn() {
    for (const [name, service] of Object.entries(readServices())) {
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
    "Prometheus scrapes the port of the numbers, by a network that leads nowhere else, and no host port leads there",
  permissions: { read: [COMPOSE, PROMETHEUS], env: true },
  fn() {
    const { switchboard, prometheus } = readServices();
    const { METRICS_PORT = "" } = switchboard.environment ?? {};
    const { scrape_configs: [job] } = parse(Deno.readTextFileSync(PROMETHEUS));
    assert.deepEqual(job.static_configs, [{ targets: [`switchboard:${METRICS_PORT}`] }]);
    assert(switchboard.networks?.includes("metrics") && prometheus.networks?.includes("metrics"));
    assert.equal(parse(Deno.readTextFileSync(COMPOSE)).networks.metrics.internal, true);
    const published = (switchboard.ports ?? []).filter((port) => port.includes(`:${METRICS_PORT}/`));
    assert.deepEqual(published, []);
    assert.deepEqual(prometheus.ports, ["127.0.0.1:9090:9090/tcp"]);
  },
});

Deno.test({
  name: "the compose file sets settings that there are, and publishes each port of media at its own number",
  permissions: { read: [COMPOSE], env: true },
  fn() {
    const { environment = {}, ports = [] } = readServices().switchboard;
    const variables = SETTINGS.map(({ variable }) => variable);
    for (const name of Object.keys(environment)) assert(variables.includes(name), name);
    assert(ports.includes(`${environment.UDP_PORT}:${environment.UDP_PORT}/udp`));
    assert(ports.includes(`${environment.TCP_PORT}:${environment.TCP_PORT}/tcp`));
  },
});
