import assert from "node:assert/strict";
import { buildOffer } from "../../tests/harness/offer_builder.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { CAMERA, codes, connect } from "../../tests/harness/session_steps.ts";
import { credentialsOf, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import type { TestClient } from "../../tests/harness/test_client.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const PACKETS = 200;

function flood(client: TestClient): void {
  const payload = new Uint8Array(1000);
  payload.set(VP8_KEY_FRAME);
  for (let n = 0; n < PACKETS; n++) client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: n, payload }));
}

test("P83: who sends more than allowed is told so by WebSocket, once in 10 s, and stays; nobody else is told", () => {
  const room = new SignalingRoom(1, undefined, undefined, { maxBitrateIn: 800_000 });
  const [loud, other] = [room.join(), room.join()];
  connect(loud);
  for (const { take } of [loud, other]) take();
  flood(loud.client);
  flood(loud.client);
  const told = loud.take();
  assert.deepEqual(codes(told), ["bitrate-exceeded"]);
  assert.match(told[0].type === "error" ? told[0].message : "", /^more than 800000 bit\/s come from this peer/);
  assert.deepEqual([other.take(), loud.closed], [[], []]);
  assert.equal(loud.participant?.closed, false);
});

test("P83: a WHIP client is told its limit by the answer, and its session tells the server where it sends more", () => {
  const room = new SignalingRoom(1, undefined, undefined, { maxBitrateIn: 800_000 });
  const encoder = room.post("whip", buildOffer([CAMERA]));
  assert.ok(encoder.result.ok);
  assert.match(encoder.result.answer, /^b=TIAS:720000\r$/m);
  encoder.client.connect(credentialsOf(encoder.result.answer));
  flood(encoder.client);
  assert.deepEqual(encoder.told, ["joined", "connected", "bitrate-exceeded"]);
  const detail = "more than 800000 bit/s come from this peer, and packets are dropped";
  const status = encoder.result.ok && encoder.result.session.status;
  assert.deepEqual(status, { connected: true, notices: [{ code: "bitrate-exceeded", detail, count: 1 }] });
});

test("P85, P91: who is sent more than allowed is told which track is paused and why, and stays; nobody else is told", () => {
  const room = new SignalingRoom(1, undefined, undefined, { maxBitrateOut: 200_000 });
  const [speaker, listener] = [room.join(), room.join()];
  connect(speaker);
  connect(listener, [{ mid: "0", kind: "video", direction: "recvonly" }]);
  const [track] = room.rooms.find("room")?.tracks.values() ?? [];
  for (const { take } of [speaker, listener]) take();
  const payload = new Uint8Array(1000);
  payload.set(VP8_KEY_FRAME);
  for (let n = 0; n < 400; n++) {
    room.nowMs += 25;
    speaker.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: n, timestamp: n * 2250, payload }));
    room.handleTimeout();
  }
  const told = listener.take();
  assert.deepEqual([...new Set(codes(told))], ["quality"]);
  assert.ok(told.length < 11, `${told.length} in 10 s`);
  const last = told.at(-1);
  assert.ok(last?.type === "quality");
  assert.deepEqual([last.limitedBy, last.bitrate], ["server", 200_000]);
  const [{ trackId, state, reason }] = last.tracks;
  assert.deepEqual([trackId, state], [track.id, "paused"]);
  assert.match(reason, /^paused: limit of the server 200 kbit\/s, the picture needs 3\d\d$/);
  assert.deepEqual([speaker.take(), listener.closed], [[], []]);
});
