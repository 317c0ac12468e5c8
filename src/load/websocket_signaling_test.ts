import assert from "node:assert/strict";
import { LoopbackServer } from "../../tests/harness/loopback_server.ts";
import { SECRET } from "../../tests/harness/tokens.ts";
import { buildOffer } from "./offer.ts";
import { WebSocketSignaling } from "./websocket_signaling.ts";

const PERMISSIONS = { net: ["127.0.0.1"] };
const OFFER = buildOffer([{ kind: "audio", sent: { msid: "s t", ssrc: 1, rtxSsrc: undefined, rids: [] } }], {
  ufrag: "load",
  password: "loadloadloadloadloadload",
  fingerprint: new Array(32).fill("AB").join(":"),
  address: { hostname: "127.0.0.1", port: 9 },
});

Deno.test({
  name: "B515: a peer joins by WebSocket with one offer, and leaves",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const session = await new WebSocketSignaling(server.signalingUrl).open("whip", "a", OFFER);
    assert.deepEqual(session.answer.sections.map(({ direction }) => direction), ["recvonly"]);
    assert.equal(session.answer.candidates[0].hostname, "127.0.0.1");
    await server.until(({ peers }) => peers === 1, "one peer");
    await session.end();
    await server.empty();
  },
});

Deno.test({
  name: "B518: by WebSocket too a refusal is told in the server's words, and leaves nothing behind",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new LoopbackServer({ backend: "portable" });
    const signaling = new WebSocketSignaling(server.signalingUrl);
    await assert.rejects(signaling.open("whip", "a", "no offer"), /^Error: bad-sdp: /);
    await assert.rejects(signaling.open("whip", "", OFFER), /^Error: bad-message: /);
    await server.empty();
    await using guarded = new LoopbackServer({ backend: "portable", auth: { secret: SECRET } });
    await assert.rejects(new WebSocketSignaling(guarded.signalingUrl, "x.y.z").open("whip", "a", OFFER));
  },
});

Deno.test({
  name: "B518: a server that is not there is told by its URL",
  permissions: PERMISSIONS,
  async fn() {
    const url = "ws://127.0.0.1:9/ws";
    await assert.rejects(new WebSocketSignaling(url).open("whip", "a", OFFER), new RegExp(url));
  },
});
