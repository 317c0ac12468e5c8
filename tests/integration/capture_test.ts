import assert from "node:assert/strict";
import type { CreateOptions } from "../../src/mod.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { readAll, type ReadPacket, readPcapng } from "../harness/pcapng_reader.ts";
import { WITH_WORKER } from "../harness/worker_setup.ts";

const { ignore, permissions } = WITH_WORKER;

/** Where the media of those who are captured can be. */
const PLACES: readonly (CreateOptions & { readonly name: string })[] = [
  { name: "in this isolate", backend: "portable", workers: 0 },
  { name: "in native workers", backend: "native", workers: 2, roomPeersPerWorker: 1 },
  { name: "in portable workers", backend: "portable", workers: 2, roomPeersPerWorker: 1 },
];

/** Those of one direction that are RTP (RFC 5761). */
function rtpOf(packets: readonly ReadPacket[], isSent: boolean): ReadPacket[] {
  return packets.filter((packet) => packet.isSent === isSent && (packet.bytes[1] < 192 || packet.bytes[1] > 223));
}

for (const { name, ...options } of PLACES) {
  Deno.test({
    name: `B522, B523, B524: media ${name}: a call of two is captured both ways, and goes on`,
    permissions,
    ignore,
    async fn() {
      await using server = new LoopbackServer(options);
      const { switchboard } = server;
      await switchboard.started;
      await using call = await Neighbours.meet(server.signalingUrl);
      const streams = [call.alice, call.bob].map(({ id }) => {
        const result = switchboard.admin.capture("room", id, { seconds: 60, bytes: 1_000_000 });
        assert("stream" in result);
        return result.stream;
      });
      const files = streams.map(readAll);
      await call.assertUndisturbed();
      await call.bob[Symbol.asyncDispose]();
      await call.alice[Symbol.asyncDispose]();
      const [alice, bob] = (await Promise.all(files)).map(readPcapng);
      const sent = rtpOf(alice.packets, false);
      assert(sent.length >= 20, `${sent.length} of Alice`);
      assert(rtpOf(bob.packets, true).length >= 20);
      for (const { length, bytes } of sent) assert(bytes.length >= 12 && bytes.length < length);
      assert.deepEqual([alice.missed, bob.missed], [0, 0]);
      for (const { unixUs } of alice.packets) assert(Math.abs(Date.now() - unixUs / 1000) < 60_000);
      await server.empty();
    },
  });
}
