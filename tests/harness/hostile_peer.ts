import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { readUint16, readUint32, writeUint16 } from "../../src/rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../../src/rtp/packet.ts";
import type { SrtpKeys } from "../../src/webrtc/dtls.ts";
import type { SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { SrtpSender } from "../../src/webrtc/srtp/srtp_session.ts";
import { fixedKeys } from "./keyed_dtls.ts";

const PROFILE = "SRTP_AEAD_AES_128_GCM";

/** What a client protects its packets with. */
export interface ClientKeys {
  readonly profile: SrtpProfile;
  readonly keys: SrtpKeys;
}

/** A peer who has the keys of its call, and sends under them what no browser would. */
export class HostilePeer {
  readonly #sender: SrtpSender;
  /** By SSRC: the one sent last. */
  readonly #sequenceNumbers = new Map<number, number>();
  readonly #send: (datagram: Uint8Array) => void;

  /** The keys are those of `keyedDtls` unless others are given. */
  constructor(
    send: (datagram: Uint8Array) => void,
    { profile, keys }: ClientKeys = { profile: PROFILE, keys: fixedKeys(PROFILE).remote },
  ) {
    this.#send = send;
    this.#sender = new SrtpSender(profile, keys, portableCiphers);
  }

  /**
   * Sends these bytes as an RTP packet that is authentic. False where their header leaves them: then none can be. What
   * they say of the sequence number is how far it goes on, as none is encrypted twice: mostly a little, now and then a lot.
   */
  sendAsRtp(plain: Uint8Array): boolean {
    const headerLength = rtpHeaderLength(plain);
    if (headerLength === undefined) return false;
    const moved = this.#movedOn(plain);
    const packet = new Uint8Array(plain.length + 16);
    packet.set(moved.subarray(0, headerLength));
    return this.#deliver(
      packet,
      (out) => this.#sender.protectRtp(out, headerLength, plain, headerLength, plain.length - headerLength),
    );
  }

  /** The same as a compound RTCP packet, which begins with 8 bytes at least. */
  sendAsRtcp(plain: Uint8Array): boolean {
    return this.#deliver(
      new Uint8Array(plain.length + 20),
      (out) => this.#sender.protectRtcp(out, plain, plain.length),
    );
  }

  #movedOn(plain: Uint8Array): Uint8Array {
    const moved = plain.slice();
    const ssrc = readUint32(plain, 8);
    const wish = readUint16(plain, 2);
    const step = wish % 16 === 0 ? 1 + (wish & 0x7ffe) : 1 + (wish & 3);
    const sequenceNumber = ((this.#sequenceNumbers.get(ssrc) ?? 0) + step) & 0xffff;
    this.#sequenceNumbers.set(ssrc, sequenceNumber);
    writeUint16(moved, 2, sequenceNumber);
    return moved;
  }

  #deliver(packet: Uint8Array, protect: (out: Uint8Array) => number): boolean {
    const length = protect(packet);
    if (length < 0) return false;
    this.#send(packet.slice(0, length));
    return true;
  }
}

/** What SRTP leaves readable, whether or not it is an RTP header in all else (RFC 3711 section 3.1). */
function rtpHeaderLength(plain: Uint8Array): number | undefined {
  if (plain.length < FIXED_HEADER_LENGTH) return undefined;
  const csrcs = FIXED_HEADER_LENGTH + (plain[0] & 0x0f) * 4;
  if ((plain[0] & 0x10) === 0) return csrcs <= plain.length ? csrcs : undefined;
  if (csrcs + 4 > plain.length) return undefined;
  const length = csrcs + 4 + readUint16(plain, csrcs + 2) * 4;
  return length <= plain.length ? length : undefined;
}
