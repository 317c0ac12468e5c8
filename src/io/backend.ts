import type { DatagramSender, RemoteAddress } from "../webrtc/datagram.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";

/** Takes what one peer's socket receives, batch by batch. Neither method may throw. */
export interface DatagramHandler {
  /** Takes one datagram, `bytes[0, length)`. The bytes may be changed, and stay until `endBatch`. */
  handleDatagram(bytes: Uint8Array, length: number, from: RemoteAddress): void;
  /** The batch, of one datagram or more, is complete. */
  endBatch(): void;
}

/** One peer's UDP socket: it has a port of its own, or its part of a shared one. */
export interface DatagramSocket extends DatagramSender {
  readonly port: number;
  /** Datagrams that the queue had no room for, or that the kernel refused. */
  readonly dropped: number;
  /** What was flushed still goes out. Nothing is received any more. */
  close(): void;
}

/** The three seams of one backend: datagrams, DTLS and the SRTP cipher. */
export interface Backend {
  readonly name: "portable" | "native";
  readonly dtls: DtlsFactory;
  readonly ciphers: SrtpCipherFactory;
  /** Opens a socket on a free port of `hostname`. Throws what the system says where it cannot. */
  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket;
  /** Sends what is queued on all sockets; while batches are handled, at the end of them. */
  flush(): void;
  /** Gives back what the backend itself has open. All sockets and ciphers are closed before. */
  close(): Promise<void>;
}
