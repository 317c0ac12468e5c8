import assert from "node:assert/strict";
import { administer, adminToken } from "../../../tests/harness/admin_setup.ts";
import { readPcapng } from "../../../tests/harness/pcapng_reader.ts";
import { joinConnected, setUp } from "../../../tests/harness/switchboard_setup.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const pathOf = (peer: string, room = "room") => `/api/rooms/${room}/peers/${peer}/capture`;

test("B526: an administrator of the room gets a capture as a file, which lasts as long as it was asked for", async () => {
  const setup = setUp();
  const { fetch } = administer(setup);
  const { peerId } = joinConnected(setup);
  const token = await adminToken("room");
  const response = await fetch("POST", pathOf(peerId), { token, body: { seconds: 2 } });
  assert.deepEqual([response.status, response.headers.get("Content-Type")], [200, "application/x-pcapng"]);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  setup.clock.advance(2000);
  const { comment, missed } = readPcapng(new Uint8Array(await response.arrayBuffer()));
  assert.match(comment, new RegExp(`^Peer ${peerId} of room room, RTP without payload`));
  assert.equal(missed, 0);
});

test("B526: whose request ends has the capture ended, and another one may begin", async () => {
  const setup = setUp();
  const { ask, fetch } = administer(setup);
  const { peerId } = joinConnected(setup);
  const token = await adminToken();
  const first = await fetch("POST", pathOf(peerId), { token, body: {} });
  assert.equal((await ask("POST", pathOf(peerId), { token, body: {} })).body.code, "capturing");
  await first.body?.cancel();
  const second = await fetch("POST", pathOf(peerId), { token, body: {} });
  assert.equal(second.status, 200);
  await second.body?.cancel();
});

test("B526: a peer that is not here, a fifth capture and one beyond its bounds are refused, each by its problem", async () => {
  const setup = setUp();
  const { ask, fetch } = administer(setup);
  const token = await adminToken();
  const peers = Array.from({ length: 5 }, () => joinConnected(setup).peerId);
  const code = async (path: string, body: object = {}) => (await ask("POST", path, { token, body })).body.code;
  assert.equal(await code(pathOf("nobody")), "unknown-peer");
  assert.equal(await code(pathOf(peers[0], "other")), "unknown-peer");
  for (const body of [{ seconds: 61 }, { seconds: 0 }, { bytes: 50_000_001 }, { payload: "yes" }]) {
    assert.equal(await code(pathOf(peers[0]), body), "bad-request");
  }
  const running = [];
  for (const peer of peers.slice(0, 4)) running.push(await fetch("POST", pathOf(peer), { token, body: {} }));
  assert.equal(await code(pathOf(peers[4])), "too-many-captures");
  for (const { body } of running) await body?.cancel();
});
