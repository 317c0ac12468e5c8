import assert from "node:assert/strict";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { Drops } from "./drops.ts";
import { connectedTransport, type TransportSetup } from "../../tests/harness/transport_setup.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const LENGTH = 1000;

/** One batch of so many packets, from this sequence number on. */
function sendBatch({ client, transport }: TransportSetup, first: number, count: number, nowMs: number): void {
  for (let n = 0; n < count; n++) {
    client.sendRtp(buildRtp({ ssrc: 1, sequenceNumber: first + n, payload: new Uint8Array(LENGTH - 12) }));
  }
  transport.endBatch(nowMs);
}

/** Runs that the sink has got. */
const passed = ({ told }: TransportSetup) => told.filter((what) => what.startsWith("rtp")).length;

test("B245: what a peer sends beyond its bitrate is dropped by whole batches, counted and told, and later ones pass", () => {
  const setup = connectedTransport(800_000);
  for (let batch = 0; batch < 21; batch++) sendBatch(setup, batch * 10, 10, 0);
  assert.equal(passed(setup), 20, "two seconds' worth");
  assert.deepEqual(setup.told.slice(20), ["bitrate exceeded"]);
  assert.equal(setup.transport.overBitrate, 10);
  const drops = new Drops();
  setup.transport.addDrops(drops);
  assert.equal(drops.overBitrate, 10);
  sendBatch(setup, 300, 10, 99);
  assert.equal(setup.transport.overBitrate, 20);
  assert.equal(setup.told.length, 21, "told once, not each time");
  sendBatch(setup, 400, 10, 100);
  assert.equal(passed(setup), 21);
  for (let batch = 0; batch < 30; batch++) sendBatch(setup, 500 + batch * 10, 10, 10_000);
  assert.equal(passed(setup), 41);
  assert.equal(setup.told.at(-1), "bitrate exceeded", "it goes on after 10 s");
});

test("B245: forged and repeated packets use nothing of a peer's bitrate", () => {
  const setup = connectedTransport(800_000);
  const packet = setup.client.protectRtp(buildRtp({ ssrc: 1, sequenceNumber: 1, payload: new Uint8Array(LENGTH) }));
  for (let n = 0; n < 1000; n++) {
    const forged = packet.slice();
    forged[forged.length - 1] ^= 1;
    setup.client.sendDatagram(forged);
    setup.transport.endBatch(0);
  }
  for (let n = 0; n < 1000; n++) {
    setup.client.sendDatagram(packet.slice());
    setup.transport.endBatch(0);
  }
  for (let batch = 0; batch < 19; batch++) sendBatch(setup, 10 + batch * 10, 10, 0);
  assert.equal(passed(setup), 1 + 19);
  assert.equal(setup.transport.overBitrate, 0);
});

test("B245: where there is no limit nothing is dropped", () => {
  const setup = connectedTransport();
  for (let batch = 0; batch < 1000; batch++) sendBatch(setup, batch * 10, 10, 0);
  assert.deepEqual([passed(setup), setup.transport.overBitrate], [1000, 0]);
});
