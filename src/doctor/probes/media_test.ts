import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { LoopbackServer } from "../../../tests/harness/loopback_server.ts";
import { FOR_ROOM, SECRET, secretToken } from "../../../tests/harness/tokens.ts";
import { TurnServer, type TurnServerOptions } from "../../../tests/harness/turn_server.ts";
import type { CreateOptions } from "../../mod.ts";
import type { SignalingFacts } from "../facts.ts";
import { type MediaProbe, probeMedia } from "./media.ts";

// werift, which the server's DTLS and the doctor's are by, reads the environment: run with --allow-env.

const PERMISSIONS = {
  net: ["127.0.0.1"],
  sys: ["networkInterfaces"],
} satisfies Deno.PermissionOptionsObject;
const PORTABLE = { backend: "portable" } satisfies CreateOptions;

/** What is found at a server of these options, which has nothing left of it afterwards. */
async function probed(options: CreateOptions, more: Partial<MediaProbe> = {}): Promise<SignalingFacts> {
  await using server = new LoopbackServer({ ...PORTABLE, ...options });
  const found = await probeMedia({ url: new URL(server.url), roomId: "room", nowMs: Date.now(), ...more });
  await server.empty();
  return found;
}

type Reached = Extract<SignalingFacts, { ok: true }>;

function reached(facts: SignalingFacts): Reached {
  if (!facts.ok) throw new Error(`refused with ${facts.code}: ${facts.message}`);
  return facts;
}

async function probedByTurn(turn: TurnServerOptions, secret = turn.secret): Promise<Reached["turn"][number]> {
  await using relay = new TurnServer(turn);
  const facts = reached(await probed({ turn: { urls: [relay.url], secret } }));
  strictEqual(relay.allocations, 0);
  return facts.turn[0];
}

Deno.test({
  name: "B483, B484, B486: each candidate answers a check by UDP and by TCP, DTLS is complete, and no peer is left",
  permissions: PERMISSIONS,
  async fn() {
    const { checks, dtls, originAllowed, turn } = reached(await probed({ tcpPort: 0 }));
    deepStrictEqual(checks.map(({ candidate }) => candidate.transport), ["udp", "tcp"]);
    for (const { roundTripMs } of checks) ok(roundTripMs !== undefined && roundTripMs < 1000);
    deepStrictEqual([dtls?.ok, originAllowed, turn], [true, true, []]);
  },
});

Deno.test({
  name: "B484: the native backend's DTLS is complete as well",
  ignore: Deno.build.os !== "linux",
  permissions: { ...PERMISSIONS, ffi: true },
  async fn() {
    const { dtls } = reached(await probed({ backend: "native", workers: 0 }));
    strictEqual(dtls?.ok, true);
  },
});

Deno.test({
  name: "B485: the credentials that clients get make an allocation, and a check goes by the relay",
  permissions: PERMISSIONS,
  async fn() {
    for (const staleNonces of [0, 1]) {
      const { allocation, relay } = await probedByTurn({ secret: "shared", staleNonces });
      strictEqual(allocation.ok, true);
      ok(relay?.roundTripMs !== undefined, `${relay?.reason}`);
    }
  },
});

Deno.test({
  name: "B485: credentials by another secret are refused, which is told with the code",
  permissions: PERMISSIONS,
  async fn() {
    const { allocation } = await probedByTurn({ secret: "shared" }, "another");
    deepStrictEqual(allocation, { ok: false, code: 401, reason: "Unauthorized" });
  },
});

Deno.test({
  name: "B485: a relay that permits no way to the server is told",
  permissions: PERMISSIONS,
  async fn() {
    const { relay } = await probedByTurn({ secret: "shared", permits: false });
    deepStrictEqual(relay, { reason: "Forbidden" });
  },
});

Deno.test({
  name: "B483: who is refused is told by the code of the protocol; a token lets in",
  permissions: PERMISSIONS,
  async fn() {
    const auth = { auth: { secret: SECRET } };
    const refused = await probed(auth);
    strictEqual(!refused.ok && refused.code, "unauthorized");
    const token = await secretToken(FOR_ROOM);
    reached(await probed(auth, { token }));
  },
});

Deno.test({
  name: "B483: a server that takes its own page for a stranger lets the doctor in, which tells so",
  permissions: PERMISSIONS,
  async fn() {
    strictEqual(reached(await probed({ origins: ["https://other.example"] })).originAllowed, false);
  },
});

Deno.test({
  name: "B483: where nobody listens that is told in words",
  permissions: PERMISSIONS,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    listener.close();
    const facts = await probeMedia({ url: new URL(`http://127.0.0.1:${port}`), roomId: "room", nowMs: Date.now() });
    strictEqual(!facts.ok && facts.code, "unreachable");
    match(facts.ok ? "" : facts.message, /./);
  },
});
