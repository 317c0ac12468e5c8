/**
 * Bytes that one more consumer keeps which has sent nothing yet, with RTX, in its peer's tables: objects and buffers, on
 * stdout. For `scenarios/memory.ts`; needs `--v8-flags=--expose-gc`.
 */
import { Router } from "../src/sfu/router.ts";
import { addPeer, consumerParameters, videoProducer, VP8 } from "../tests/harness/engine.ts";
import { seededRandom } from "../tests/harness/seeded_random.ts";

const PEERS = 100;
const CONSUMERS_EACH = 100;

declare const gc: () => void;

function memoryInUse(): number {
  gc();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

const router = new Router();
const random = seededRandom(1);
const codec = { ...VP8, nack: true, rtxPayloadType: 97 };
const track = addPeer(router, random).publish(videoProducer({ codec }));
const peers = Array.from({ length: PEERS }, () => addPeer(router, random));

function subscribe(mid: string): void {
  for (const peer of peers) peer.subscribe(track.id, consumerParameters({ mid, codec }));
}

// What a peer's first consumer brings along is the peer's.
subscribe("first");
const before = memoryInUse();
for (let i = 0; i < CONSUMERS_EACH; i++) subscribe(`${i}`);
console.log(Math.round((memoryInUse() - before) / (PEERS * CONSUMERS_EACH)));
