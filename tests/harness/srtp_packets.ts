import assert from "node:assert/strict";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { writeUint32 } from "../../src/rtp/bytes.ts";
import { SLOT_SIZE } from "../../src/webrtc/datagram.ts";
import type { SrtpKeys } from "../../src/webrtc/dtls.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { SrtpReceiver, SrtpSender } from "../../src/webrtc/srtp/srtp_session.ts";

export const PROFILES = Object.keys(SRTP_PROFILES) as readonly SrtpProfile[];

/** A sender and the receiver of what it sends. */
export interface SrtpPair {
  readonly sender: SrtpSender;
  readonly receiver: SrtpReceiver;
}

export function srtpPair(profile: SrtpProfile): SrtpPair {
  const keys = masterKeys(profile, 1);
  return {
    sender: new SrtpSender(profile, keys, portableCiphers),
    receiver: new SrtpReceiver(profile, keys, portableCiphers),
  };
}

/** Keying material of one direction, another one for each seed. */
export function masterKeys(profile: SrtpProfile, seed: number): SrtpKeys {
  const { keyLength, saltLength } = SRTP_PROFILES[profile];
  return { key: bytesOf(keyLength, seed), salt: bytesOf(saltLength, seed + 100) };
}

export function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => at * 37 + seed);
}

/** A receiver report without blocks and, to give it length, an application packet (RFC 3550 sections 6.4.2 and 6.7). */
export function rtcpBytes(ssrc: number, applicationWords = 5): Uint8Array {
  const bytes = new Uint8Array(8 + 12 + applicationWords * 4);
  bytes.set([0x80, 201, 0, 1]);
  bytes.set([0x80, 204, 0, 2 + applicationWords], 8);
  writeUint32(bytes, 4, ssrc);
  writeUint32(bytes, 12, ssrc);
  bytes.set(bytesOf(bytes.length - 16, 7), 16);
  return bytes;
}

/** The SRTP packet of a plain one, as the transport makes it in a send slot. */
export function protectRtp(sender: SrtpSender, plain: Uint8Array): Uint8Array {
  const packet = new RtpPacket();
  assert.ok(packet.parse(plain, plain.length));
  const slot = new Uint8Array(SLOT_SIZE);
  slot.set(plain.subarray(0, packet.headerLength));
  const payloadLength = plain.length - packet.headerLength;
  const length = sender.protectRtp(slot, packet.headerLength, plain, packet.headerLength, payloadLength);
  assert.ok(length > 0);
  return slot.slice(0, length);
}

export function protectRtcp(sender: SrtpSender, plain: Uint8Array): Uint8Array {
  const slot = new Uint8Array(SLOT_SIZE);
  const length = sender.protectRtcp(slot, plain, plain.length);
  assert.ok(length > 0);
  return slot.slice(0, length);
}

/** The plain packet, or undefined where the receiver drops it. `datagram` stays as it is. */
export function unprotectRtp(receiver: SrtpReceiver, datagram: Uint8Array): Uint8Array | undefined {
  const bytes = datagram.slice();
  const length = receiver.unprotectRtp(bytes, bytes.length);
  return length < 0 ? undefined : bytes.slice(0, length);
}

export function unprotectRtcp(receiver: SrtpReceiver, datagram: Uint8Array): Uint8Array | undefined {
  const bytes = datagram.slice();
  const length = receiver.unprotectRtcp(bytes, bytes.length);
  return length < 0 ? undefined : bytes.slice(0, length);
}
