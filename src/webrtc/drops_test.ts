import assert from "node:assert/strict";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { connectedTransport, setUpTransport } from "../../tests/harness/transport_setup.ts";
import { Drops } from "./drops.ts";
import type { PeerTransport } from "./peer_transport.ts";

function dropsOf(transport: PeerTransport, drops = new Drops()): Partial<Drops> {
  transport.addDrops(drops);
  return Object.fromEntries(Object.entries(drops).filter(([, count]) => count !== 0));
}

Deno.test({
  name: "B256: what a transport drops is told by the reason, after its close as well",
  permissions: "none",
  fn() {
    const { transport, client } = connectedTransport();
    assert.deepEqual(dropsOf(transport), {});
    const packet = client.protectRtp(buildRtp({ ssrc: 1, sequenceNumber: 1 }));
    for (let i = 0; i < 3; i++) client.sendDatagram(packet.slice());
    const forged = client.protectRtp(buildRtp({ ssrc: 1, sequenceNumber: 2 }));
    forged[20] ^= 1;
    client.sendDatagram(forged);
    client.sendDatagram(packet.slice(0, 14));
    client.sendDatagram(Uint8Array.of(100, 0, 0, 0));
    const expected = { unknown: 1, replayed: 2, wrongTag: 1, tooShort: 1 };
    assert.deepEqual(dropsOf(transport), expected);
    transport.close();
    assert.deepEqual(dropsOf(transport), expected);
  },
});

Deno.test({
  name: "what cannot be sent is told, and added to what others have dropped",
  permissions: "none",
  fn() {
    const { transport } = setUpTransport();
    transport.beginRtp();
    const drops = Object.assign(new Drops(), { notSent: 4, queueFull: 2 });
    assert.deepEqual(dropsOf(transport, drops), { notSent: 5, queueFull: 2 });
  },
});
