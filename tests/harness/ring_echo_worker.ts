/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Sends back by one ring what comes by another. Every message it is posted after the rings is a wake-up. */
import { RingReader, RingWriter } from "../../src/io/message_ring.ts";

const wakeOther = () => self.postMessage("wake");

self.addEventListener(
  "message",
  ({ data }: MessageEvent<{ toWorker: SharedArrayBuffer; fromWorker: SharedArrayBuffer }>) => {
    const inbound = new RingReader<unknown>(data.toWorker);
    const outbound = new RingWriter<unknown>(data.fromWorker, wakeOther);
    self.addEventListener("message", () => {
      let count = 0;
      inbound.drain((message) => {
        count++;
        outbound.send(message);
      });
      outbound.flush();
      // There is room again for what the other side has to say.
      if (count > 0) wakeOther();
    });
    wakeOther();
  },
  { once: true },
);
