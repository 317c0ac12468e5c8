import type { Buffer } from "node:buffer";
import {
  type DtlsClient,
  ProtectionProfileAeadAes128Gcm,
  ProtectionProfileAes128CmHmacSha1_80,
  type RTCDtlsTransport,
} from "werift";
import { SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import type { ClientKeys } from "./hostile_peer.ts";

type WeriftProfile = NonNullable<DtlsClient["srtp"]["srtpProfile"]>;

/** The profiles that werift has: AES-256 is left out of an offer. */
const PROTECTION_PROFILES: Partial<Record<SrtpProfile, WeriftProfile>> = {
  SRTP_AEAD_AES_128_GCM: ProtectionProfileAeadAes128Gcm,
  SRTP_AES128_CM_HMAC_SHA1_80: ProtectionProfileAes128CmHmacSha1_80,
};

/** werift's DTLS waits so long for the answer to a flight, each time so much longer, and nothing stops it. */
const FLIGHT_TIMEOUT_MS = 500;

/** What RTCPeerConnection has no setting for. To be called before the transport gathers candidates. */
export function prepareTransport(transport: RTCDtlsTransport, srtpProfiles: readonly SrtpProfile[] | undefined): void {
  const { connection } = transport.iceTransport;
  // Without iceServers it would ask a public STUN server.
  connection.stunServer = undefined;
  dropRepeatedFlights(connection.onData);
  const profiles = srtpProfiles?.flatMap((profile) => PROTECTION_PROFILES[profile] ?? []);
  if (profiles !== undefined) Reflect.set(transport, "srtpProfiles", profiles);
}

/** The SRTP profile that DTLS has chosen; undefined before that. */
export function srtpProfileOf(transport: RTCDtlsTransport): SrtpProfile | undefined {
  const id = transport.dtls?.srtp.srtpProfile;
  return (Object.keys(PROTECTION_PROFILES) as SrtpProfile[]).find((name) => PROTECTION_PROFILES[name] === id);
}

/** The SRTP keys that DTLS has agreed on, from the client's side; undefined before that. */
export function srtpKeysOf(transport: RTCDtlsTransport) {
  const profile = srtpProfileOf(transport);
  if (profile === undefined) return undefined;
  const { keyLength, saltLength } = SRTP_PROFILES[profile];
  return transport.dtls?.extractSessionKeys(keyLength, saltLength);
}

/** What the client's packets are protected with. Throws where the handshake is not complete. */
export function sendingKeysOf(transport: RTCDtlsTransport): ClientKeys {
  const [profile, keys] = [srtpProfileOf(transport), srtpKeysOf(transport)];
  if (profile === undefined || keys === undefined) throw new TypeError("the handshake is not complete");
  return { profile, keys: { key: Uint8Array.from(keys.localKey), salt: Uint8Array.from(keys.localSalt) } };
}

/**
 * Resolves when the timers of the transport's handshake have run out; at once where there was none. They cannot be
 * cleared, and the sanitizers would blame the test. A timer that is as long as the last of theirs and begins after it
 * fires after it.
 */
export function flightTimers(transport: RTCDtlsTransport): () => Promise<void> {
  let beganMs = 0;
  let over = Promise.resolve();
  transport.onStateChange.subscribe((state) => {
    if (state === "connecting") beganMs = performance.now();
    if (state === "connected") over = timer(lastTimeout(performance.now() - beganMs));
  });
  return () => over;
}

/** How long the timer is that runs when the handshake has taken so long. */
function lastTimeout(handshakeMs: number): number {
  let timeoutMs = FLIGHT_TIMEOUT_MS;
  for (let endMs = timeoutMs; endMs < handshakeMs; endMs += timeoutMs) timeoutMs += FLIGHT_TIMEOUT_MS;
  return timeoutMs;
}

function timer(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/**
 * The server repeats its flight after 100 ms, which a busy machine may need to answer it. werift then agrees on keys a
 * second time, with nobody: a flight that it has is kept from it.
 */
function dropRepeatedFlights(received: { execute: (datagram: Buffer) => void }): void {
  const deliver = received.execute;
  const seen = new Set<number>();
  received.execute = (datagram) => {
    const message = firstHandshakeMessage(datagram);
    if (message !== undefined && seen.has(message)) return;
    if (message !== undefined) seen.add(message);
    deliver(datagram);
  };
}

/** The type of the message that a datagram begins with, where it is a plain one (RFC 6347 section 4.2.2). */
function firstHandshakeMessage(datagram: Buffer): number | undefined {
  const isPlainHandshake = datagram.length > 13 && datagram[0] === 22 && datagram.readUInt16BE(3) === 0;
  return isPlainHandshake ? datagram[13] : undefined;
}
