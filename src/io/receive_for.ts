import type { DatagramReceiver } from "../media/media_engine.ts";
import type { DatagramHandler } from "./sockets.ts";

/** Gives what a socket receives to `receiver` with the time; what a batch caused leaves at its end. */
export function receiveFor(receiver: DatagramReceiver, now: () => number, flush: () => void): DatagramHandler {
  return {
    handleDatagram: (bytes, length, from) => receiver.handleDatagram(bytes, length, from, now()),
    endBatch() {
      receiver.endBatch(now());
      flush();
    },
  };
}
