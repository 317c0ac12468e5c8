import assert from "node:assert/strict";
import { systemClock } from "../../src/io/clock.ts";
import { MediaPool } from "../../src/io/media_pool.ts";
import { PortableWorkerMedia } from "../../src/io/portable/worker_media.ts";
import { buildRtp, parseRtp, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../harness/rtp_builder.ts";
import {
  carriedOut,
  connect,
  peerOpener,
  publish,
  subscribe,
  until,
  type WorkerPeer,
} from "../harness/worker_setup.ts";

const LOOPBACK = "127.0.0.1";
const SOURCES = [new URL("../../src/", import.meta.url)];
const PREFIX = "overload ";
const ROOM = "room";
const PICTURE_MS = 20;
const OVERLOAD_MS = 1000;
/** Posted at once: far more than a receiver has room for. */
const BURST = 2000;
const LIMIT_MS = 2000;

/** A camera whose pictures are numbered, with a key frame where the server asks for one. */
class Camera {
  sent = 0;
  #nextMs = systemClock.now();
  #requests = 0;
  readonly #peer: WorkerPeer;

  constructor(peer: WorkerPeer) {
    this.#peer = peer;
  }

  /** Sends what is due. */
  shoot(): void {
    if (systemClock.now() < this.#nextMs) return;
    this.#nextMs += PICTURE_MS;
    const requests = this.#peer.udp.received.entries.filter(({ kind }) => kind === "rtcp").length;
    const isKey = this.sent === 0 || requests > this.#requests;
    this.#requests = requests;
    const number = ++this.sent;
    const payload = Uint8Array.of(...(isKey ? VP8_KEY_FRAME : VP8_DELTA_FRAME), number >> 8, number & 0xff);
    this.#peer.udp.client.sendRtp(buildRtp({ ssrc: 1000, sequenceNumber: number, payload }));
  }
}

/** The numbers of the pictures that a subscriber has. */
function picturesOf({ udp: { received } }: WorkerPeer): Set<number> {
  const packets = received.entries.filter(({ kind }) => kind === "rtp").map(({ plain }) => parseRtp(plain));
  return new Set(packets.map(({ bytes, headerLength, payloadLength }) => {
    const end = headerLength + payloadLength;
    return bytes[end - 2] << 8 | bytes[end - 1];
  }));
}

Deno.test({
  name:
    "B377: of a BroadcastChannel that is overloaded on purpose losses are counted, and pictures go on within two seconds",
  permissions: { net: [LOOPBACK], read: SOURCES },
  async fn() {
    const hosts = [0, 1].map((node) =>
      new PortableWorkerMedia({ clock: systemClock, hostname: LOOPBACK, node, busPrefix: PREFIX })
    );
    const pool = new MediaPool(hosts, { clock: systemClock, roomPeersPerWorker: 1 });
    const { open, closeClients } = peerOpener(pool);
    const stranger = new BroadcastChannel(PREFIX + ROOM);
    try {
      await Promise.all(hosts.map(({ started }) => started));
      const [publisher, subscriber] = [await connect(open, ROOM), await connect(open, ROOM)];
      publish(publisher);
      subscribe(subscriber);
      await carriedOut(subscriber);
      const camera = new Camera(publisher);
      const shoot = () => camera.shoot();
      await until(() => picturesOf(subscriber).size > 10, "pictures", shoot);

      const endMs = systemClock.now() + OVERLOAD_MS;
      await until(() => systemClock.now() >= endMs, "the end of the overload", () => {
        shoot();
        for (let i = 0; i < BURST; i++) stranger.postMessage(i);
      });
      const firstAfter = camera.sent + 1;
      const overMs = systemClock.now();
      await until(() => picturesOf(subscriber).has(firstAfter + 10), "pictures again", shoot);
      const recoveredMs = systemClock.now() - overMs;
      const [, { figures: { bus } }] = await pool.gather();
      assert.ok((bus?.counters.lost ?? 0) > 0, "nothing was lost");
      assert.ok(recoveredMs <= LIMIT_MS, `after ${Math.round(recoveredMs)} ms`);
      const seen = picturesOf(subscriber);
      for (let number = firstAfter; number <= firstAfter + 10; number++) {
        assert.ok(seen.has(number), `picture ${number}`);
      }
    } finally {
      stranger.close();
      await closeClients();
      await pool.close();
    }
  },
});
