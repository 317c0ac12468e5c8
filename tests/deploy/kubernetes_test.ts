import assert from "node:assert/strict";
import { parseAllDocuments } from "yaml";
import { SETTINGS } from "../../src/server/config_schema.ts";

const FILE = new URL("../../deploy/kubernetes.yaml", import.meta.url);

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: unknown;
}

interface Probe {
  readonly httpGet?: { readonly path: string; readonly port: string };
}

interface Container {
  readonly name: string;
  readonly env: readonly Variable[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number; readonly protocol: string }[];
  readonly readinessProbe: Probe;
  readonly livenessProbe?: Probe;
  readonly resources: { readonly limits: { readonly memory?: string } };
  readonly securityContext: Readonly<Record<string, unknown>>;
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly dnsPolicy?: string;
  readonly automountServiceAccountToken: boolean;
  readonly terminationGracePeriodSeconds?: number;
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly containers: readonly Container[];
}

type Labels = Readonly<Record<string, string>>;

/** What the tests look at in a workload. */
interface Workload {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly selector: { readonly matchLabels: Labels };
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec };
  };
}

interface Service {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly selector: Labels; readonly ports: readonly { readonly targetPort: string }[] };
}

function readAll(): readonly (Workload | Service)[] {
  return parseAllDocuments(Deno.readTextFileSync(FILE)).map((document) => {
    assert.deepEqual(document.errors, []);
    return document.toJS();
  });
}

function isWorkload(object: Workload | Service): object is Workload {
  return object.kind === "DaemonSet" || object.kind === "Deployment";
}

function isService(object: Workload | Service): object is Service {
  return object.kind === "Service";
}

function podOf(name: string): PodSpec {
  const found = readAll().filter(isWorkload).find(({ metadata }) => metadata.name === name);
  return found?.spec.template.spec ?? assert.fail(`${name} is not there`);
}

const PERMISSIONS = { read: [FILE], env: true } satisfies Deno.PermissionOptionsObject;

Deno.test({
  name: "the Kubernetes manifest's containers are no root, gain nothing, write nowhere and have a limit of memory",
  permissions: PERMISSIONS,
  fn() {
    for (const { spec: { template: { spec } } } of readAll().filter(isWorkload)) {
      assert.equal(spec.securityContext.runAsNonRoot, true);
      assert.deepEqual(spec.securityContext.seccompProfile, { type: "RuntimeDefault" });
      assert.equal(spec.automountServiceAccountToken, false);
      for (const { name, securityContext, resources } of spec.containers) {
        assert.deepEqual(securityContext, {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        }, name);
        assert.match(resources.limits.memory ?? "", /^\d+[MG]i$/, name);
      }
    }
  },
});

Deno.test({
  name:
    "the Kubernetes manifest sets settings that there are, in the host's network, and tells clients the node's address",
  permissions: PERMISSIONS,
  fn() {
    const { hostNetwork, dnsPolicy, containers: [{ env, ports }] } = podOf("switchboard");
    assert.deepEqual([hostNetwork, dnsPolicy], [true, "ClusterFirstWithHostNet"]);
    const values = new Map(env.map(({ name, value }) => [name, value]));
    const known = new Set(SETTINGS.map(({ variable }) => variable));
    for (const name of values.keys()) if (name !== "HOST_IP") assert(known.has(name), name);
    assert.deepEqual(env.find(({ name }) => name === "HOST_IP")?.valueFrom, {
      fieldRef: { fieldPath: "status.hostIP" },
    });
    assert.equal(values.get("ANNOUNCE"), "$(HOST_IP)");
    const told = { http: "PORT", media: "UDP_PORT", "media-tcp": "TCP_PORT", metrics: "METRICS_PORT" };
    assert.deepEqual(
      ports.map(({ name, containerPort }) => [name, `${containerPort}`]),
      Object.entries(told).map(([name, variable]) => [name, values.get(variable)]),
    );
  },
});

Deno.test({
  name: "in Kubernetes a server that drains is asked no more, and has the time that it tells its clients",
  permissions: PERMISSIONS,
  fn() {
    const { terminationGracePeriodSeconds = 0, containers: [{ env, readinessProbe, livenessProbe }] } = podOf(
      "switchboard",
    );
    const drain = env.find(({ name }) => name === "DRAIN")?.value ?? assert.fail();
    assert(terminationGracePeriodSeconds > parseInt(drain));
    assert.equal(readinessProbe.httpGet?.path, "/readyz");
    // What a server that drains says there is that it lives.
    assert.equal(livenessProbe?.httpGet?.path, "/healthz");
  },
});

Deno.test({
  name: "each service of the Kubernetes manifest leads to ports that its workload has",
  permissions: PERMISSIONS,
  fn() {
    const workloads = readAll().filter(isWorkload);
    const services = readAll().filter(isService);
    assert.deepEqual(services.map(({ metadata }) => metadata.name), ["switchboard", "nats"]);
    for (const { metadata: { name }, spec: { selector, ports } } of services) {
      const workload = workloads.find(({ spec }) => spec.template.metadata.labels.app === selector.app);
      assert.deepEqual(workload?.spec.selector.matchLabels, selector, name);
      const names = workload?.spec.template.spec.containers.flatMap(({ ports }) => ports.map(({ name }) => name));
      for (const { targetPort } of ports) assert(names?.includes(targetPort), `${name}: ${targetPort}`);
    }
  },
});
