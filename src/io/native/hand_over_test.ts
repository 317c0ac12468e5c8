import assert from "node:assert/strict";
import { createRing, RingReader, RingWriter } from "../message_ring.ts";
import { handOverBy } from "./hand_over.ts";
import { MAX_HANDED_OVER } from "./tcp_connection.ts";
import type { FromWorker } from "./worker_messages.ts";

const RING_BYTES = 1 << 18;

Deno.test({
  name: "B227: connections that nobody takes yet fill half of a ring, the next are closed, and peers have the rest",
  permissions: "none",
  fn() {
    const ring = createRing(RING_BYTES);
    const outbound = new RingWriter<FromWorker>(ring, () => {});
    const closed: number[] = [];
    const handOver = handOverBy(outbound, RING_BYTES, (fd) => closed.push(fd));
    const received = new Uint8Array(MAX_HANDED_OVER).fill(7);
    const connect = (fd: number) => handOver({ fd, hostname: "192.0.2.1", port: 4000, ufrag: "nobodyXX", received });
    for (let fd = 0; fd < 40; fd++) connect(fd);
    assert.equal(outbound.waiting, 0);
    const datagram = new Uint8Array(1200);
    for (let peer = 0; peer < 50; peer++) {
      assert.ok(outbound.offer({ type: "peer", peer, event: { type: "dtlsReceived", bytes: datagram } }), `${peer}`);
    }
    const handedOver: number[] = [];
    const drain = () =>
      new RingReader<FromWorker>(ring).drain((message) => {
        if (message.type === "connection") handedOver.push(message.connection.fd);
      });
    drain();
    assert.ok(handedOver.length > 8, `${handedOver.length}`);
    assert.deepEqual([...handedOver, ...closed], Array.from({ length: 40 }, (_, fd) => fd));
    connect(40);
    drain();
    assert.equal(handedOver.at(-1), 40, "there is room again");
  },
});
