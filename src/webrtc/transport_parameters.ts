import type { Fingerprint } from "./fingerprint.ts";

/** What an offer tells of the client's side of the one bundled transport. */
export interface RemoteParameters {
  readonly ufrag: string;
  readonly password: string;
  /** One at least. */
  readonly fingerprints: readonly Fingerprint[];
}

/** What an answer tells of the server's side of the one bundled transport. */
export interface LocalParameters {
  readonly ufrag: string;
  readonly password: string;
  /** SHA-256 of the server's certificate, as in `AB:CD:...`. */
  readonly fingerprint: string;
  /** All candidates of the server, as in `candidate:1 1 udp ...` (RFC 8839 section 5.1). */
  readonly candidates: readonly string[];
  /** This answer begins an ICE generation: the first one, or that of a restart that no check has used yet. */
  readonly restarted: boolean;
}
