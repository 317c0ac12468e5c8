import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type Ailment, facts, settings, unhealthy } from "../../../tests/harness/doctor_facts.ts";
import { MACHINE_AILMENTS } from "../../../tests/harness/doctor_machine_ailments.ts";
import { SERVER_AILMENTS } from "../../../tests/harness/doctor_server_ailments.ts";
import type { Facts } from "../facts.ts";
import { FINDINGS } from "../finding.ts";
import { check } from "./all.ts";

const CASES = [...MACHINE_AILMENTS, ...SERVER_AILMENTS];

for (const { what, id, severity, fix, ailment, config } of CASES) {
  Deno.test({
    name: `B480: ${what}: ${id} says what is wrong and what to do`,
    permissions: "none",
    fn() {
      const found = check(facts(ailment, config)).filter((finding) => finding.id === id);
      deepStrictEqual(found.map((finding) => finding.severity), [severity]);
      match(found[0].fix ?? "", fix);
      ok(found[0].detail.length > 0);
    },
  });
}

Deno.test({
  name: "B480: each finding that there is was provoked above",
  permissions: "none",
  fn() {
    deepStrictEqual([...new Set(CASES.map(({ id }) => id))].sort(), Object.keys(FINDINGS).sort());
  },
});

Deno.test({
  name: "B481: a server on the internet that is well passes clean, in the order of the table, with nothing to be done",
  permissions: "none",
  fn() {
    const findings = check(facts());
    deepStrictEqual(findings.filter(({ severity }) => severity !== "ok"), []);
    deepStrictEqual(findings.map(({ id }) => id), Object.keys(FINDINGS));
    strictEqual(findings.some(({ fix }) => fix !== undefined), false);
  },
});

Deno.test({
  name: "B481: so does one for its own machine alone, by its settings without a server",
  permissions: "none",
  fn() {
    const config = settings(
      ["--host=127.0.0.1", "--port=3000"],
      ["port", "udp", "tcp", "tls", "auth", "turn", "announce", "stun"],
    );
    const machine = { announced: { ok: true, addresses: [] }, ownAddresses: ["127.0.0.1"], seenFrom: [] } as const;
    const { signaling: _, certificate: _certificate, ...server } = facts().server;
    const found = check({
      ...facts({ machine }, config),
      server: { ...server, url: "http://localhost:3000", hostAddresses: ["127.0.0.1"] },
    });
    deepStrictEqual(found.filter(({ severity }) => severity !== "ok"), []);
  },
});

Deno.test({
  name: "B482: what cannot be found out is said to be unknown, and is no problem",
  permissions: "none",
  fn() {
    const { descriptors: _descriptors, buffers: _buffers, ...machine } = facts().machine ?? {};
    const all = facts();
    const found = check({ ...all, machine: machine as Facts["machine"] & object });
    const unknown = found.filter(({ id }) => id === "file-limit" || id === "socket-buffers");
    deepStrictEqual(unknown.map(({ severity }) => severity), ["ok", "ok"]);
    for (const { detail } of unknown) match(detail, /^not known/);
    const { machine: _machine, ...remote } = all;
    strictEqual(check(remote).some(({ id }) => id === "backend"), false);
  },
});

Deno.test({
  name: "B486: ports that the running server has are no problem",
  permissions: "none",
  fn() {
    const ports = { http: "taken", tcp: "taken", udp: [{ port: 3478, state: "taken" }] } as const;
    const found = check(facts({ machine: { ports } }));
    deepStrictEqual(found.filter(({ severity }) => severity !== "ok"), []);
  },
});

Deno.test({
  name: "B482: of a server on another machine nothing is said that it has not shown",
  permissions: "none",
  fn() {
    const config = settings([], ["port", "udp", "tcp", "tls", "dtls", "auth", "turn", "announce", "stun", "bus"]);
    const remote = (ailment: Ailment) => {
      const { machine: _machine, ...seen } = facts(ailment, config);
      return check(seen);
    };
    deepStrictEqual(remote({}).filter(({ severity }) => severity !== "ok"), []);
    const open = remote({ signaling: { asksForTokens: false } });
    deepStrictEqual(open.filter(({ severity }) => severity !== "ok").map(({ id }) => id), ["auth"]);
    const silent = remote(unhealthy("unreachable"));
    deepStrictEqual(silent.map(({ id }) => id), ["https", "tls-certificate", "clock", "server"]);
  },
});
