import type { DatagramSender, RemoteAddress } from "../webrtc/datagram.ts";
import type { DtlsFactory } from "../webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../webrtc/srtp/cipher.ts";

/** Takes one datagram, `bytes[0, length)`, valid until it returns. Must not throw. */
export type DatagramHandler = (bytes: Uint8Array, length: number, from: RemoteAddress) => void;

/** One UDP socket, bound to a port of its own. */
export interface DatagramSocket extends DatagramSender {
  readonly port: number;
  /** Datagrams that the queue had no room for, or that the kernel refused. */
  readonly dropped: number;
  close(): void;
}

/** The three seams of one backend: datagrams, DTLS and the SRTP cipher. */
export interface Backend {
  readonly name: "portable";
  readonly dtls: DtlsFactory;
  readonly ciphers: SrtpCipherFactory;
  /** Opens a socket on any free port of `hostname`. Throws what the system says where it cannot. */
  openSocket(hostname: string, handler: DatagramHandler): DatagramSocket;
  /** Sends what is queued on all sockets. */
  flush(): void;
}
