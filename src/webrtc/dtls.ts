import type { SrtpProfile } from "./srtp/profile.ts";

/** Keying material of one direction (RFC 5764 section 4.2). */
export interface SrtpKeys {
  readonly key: Uint8Array;
  readonly salt: Uint8Array;
}

/** How SRTP protects both directions of one peer. */
export interface SrtpKeying {
  readonly profile: SrtpProfile;
  /** Protects what the server sends. */
  readonly local: SrtpKeys;
  /** Protects what the client sends. */
  readonly remote: SrtpKeys;
}

/** Overwrites the keys of both directions: for whoever had them last. */
export function wipeKeying({ local, remote }: Pick<SrtpKeying, "local" | "remote">): void {
  for (const bytes of [local.key, local.salt, remote.key, remote.salt]) bytes.fill(0);
}

/** What a completed handshake gives. */
export interface DtlsConnected extends SrtpKeying {
  /** The client's certificate in DER: the caller compares its digest with the fingerprints of the offer (RFC 8122). */
  readonly remoteCertificate: Uint8Array;
}

/** What a DTLS session tells. Called synchronously or later from the event loop, never after `close`. */
export interface DtlsSink {
  /** One datagram to send; valid only during the call. */
  sendDatagram(bytes: Uint8Array): void;
  /** The handshake is complete; called once. The keys are the sink's, to be wiped by it. */
  connected(result: DtlsConnected): void;
  /** The session is over: a fatal alert, close_notify, a failed handshake or its deadline. Called once at most. */
  failed(reason: string): void;
  /** Decrypted application data (SCTP); valid only during the call. */
  applicationData(bytes: Uint8Array): void;
}

/** The DTLS 1.2 server side of one peer (RFC 6347): driven by datagrams and time, owns no socket and no timer. */
export interface DtlsSession {
  /** Takes one datagram. Whatever it holds, this neither throws nor blocks. */
  handleDatagram(bytes: Uint8Array, nowMs: number): void;
  /** Does what is due: a retransmission or the handshake's deadline. */
  handleTimeout(nowMs: number): void;
  /** When `handleTimeout` is wanted next, in the time of `nowMs`; Infinity for never. */
  nextTimeout(): number;
  /** Sends close_notify where connected; nothing happens afterwards. */
  close(): void;
}

/** Makes sessions that share one certificate. */
export interface DtlsFactory {
  /** SHA-256 of the server's certificate, as in `AB:CD:...` (RFC 8122 section 5). */
  readonly fingerprint: string;
  create(sink: DtlsSink, nowMs: number): DtlsSession;
}
