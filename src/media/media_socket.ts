import type { DatagramSender, RemoteAddress } from "../webrtc/datagram.ts";

/** A peer's socket where its media is. */
export interface MediaSocket extends DatagramSender {
  /** Datagrams that the queue had no room for, or that the system refused. */
  readonly dropped: number;
  /** What was queued still goes out. Nothing is received any more. */
  close(): void;
}

/** Takes what a peer's socket receives; see DatagramHandler of src/io. */
export interface DatagramReceiver {
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress, nowMs: number): void;
  endBatch(nowMs: number): void;
}
