import { readInt32, readUint16, writeUint32 } from "../../rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../../rtp/packet.ts";
import type { Drops } from "../drops.ts";
import type { SrtpKeys } from "../dtls.ts";
import type { SrtpCipherFactory } from "./cipher.ts";
import { CryptographicContext, INDEX_WORD_LENGTH } from "./cryptographic_context.ts";
import type { PacketProtection } from "./packet_protection.ts";
import type { SrtpProfile } from "./profile.ts";
import { ReplayWindow } from "./replay_window.ts";
import { estimateIndex } from "./srtp_index.ts";
import { SsrcTable } from "./ssrc_table.ts";

/** Bytes of an RTCP header with the sender's SSRC, which stay readable. */
const RTCP_HEADER_LENGTH = 8;
/** The E-bit of the index word, which is a signed number here: V8 keeps every one of these without an allocation. */
const ENCRYPTED_FLAG = 1 << 31;
const RTCP_INDEX_MASK = 0x7fffffff;

/**
 * Authenticates and decrypts what one peer sends: SRTP and SRTCP (RFC 3711; AEAD: RFC 7714). A packet that fails
 * changes nothing but a counter: not its bytes, no roll-over counter, no replay window, no SSRC.
 */
export class SrtpReceiver {
  /** Dropped packets that are too short for their header, tag and index. */
  tooShort = 0;
  /** Dropped packets that came before, or are older than the replay window. */
  replayed = 0;
  /** Dropped packets whose tag is wrong: forged, damaged, or of other keys. */
  wrongTag = 0;
  /** Dropped packets that were authentic, but of an SSRC for which there was no room. */
  tooManySsrcs = 0;
  readonly #context: CryptographicContext;
  readonly #rtpSsrcs = new SsrcTable();
  readonly #rtcpSsrcs = new SsrcTable();

  constructor(profile: SrtpProfile, keys: SrtpKeys, factory: SrtpCipherFactory) {
    this.#context = new CryptographicContext(profile, keys, factory);
  }

  /** SSRCs that are remembered, those of SRTP and those of SRTCP. */
  get ssrcCount(): number {
    return this.#rtpSsrcs.size + this.#rtcpSsrcs.size;
  }

  /** Decrypts the SRTP packet `bytes[0, length)` in place. Returns the length of the RTP packet, -1 for a dropped one. */
  unprotectRtp(bytes: Uint8Array, length: number): number {
    const context = this.#context;
    const tagOffset = length - context.tagLength;
    const headerLength = length > bytes.length ? -1 : rtpHeaderLength(bytes, tagOffset);
    if (headerLength < 0) return this.#dropTooShort();
    const ssrc = readInt32(bytes, 8);
    const state = this.#rtpSsrcs.find(ssrc);
    const index = estimateIndex(state === undefined ? -1 : state.window.newest, readUint16(bytes, 2));
    if (index < 0 || (state !== undefined && !state.window.check(index))) return this.#dropReplayed();
    const iv = context.rtp.formIv(ssrc, index);
    const payloadLength = tagOffset - headerLength;
    const trailer = context.rtpTrailer(index);
    if (!context.rtp.cipher.open(iv, bytes, headerLength, payloadLength, trailer, tagOffset)) {
      return this.#dropWrongTag();
    }
    return this.#rtpSsrcs.accept(ssrc, state, index) ? tagOffset : this.#dropTooManySsrcs();
  }

  /**
   * Decrypts the SRTCP packet `bytes[0, length)` in place; one that is authenticated but not encrypted is taken as well
   * (RFC 3711 section 3.4). Returns the length of the compound RTCP packet, -1 for a dropped one.
   */
  unprotectRtcp(bytes: Uint8Array, length: number): number {
    const context = this.#context;
    const plainLength = length - context.tagLength - INDEX_WORD_LENGTH;
    if (plainLength < RTCP_HEADER_LENGTH || length > bytes.length) return this.#dropTooShort();
    const indexWord = readInt32(bytes, context.rtcpIndexWordOffset(plainLength));
    const ssrc = readInt32(bytes, 4);
    const index = indexWord & RTCP_INDEX_MASK;
    const state = this.#rtcpSsrcs.find(ssrc);
    if (state !== undefined && !state.window.check(index)) return this.#dropReplayed();
    const iv = context.rtcp.formIv(ssrc, index);
    // Without encryption the whole packet is authenticated data (RFC 7714 section 9.3).
    const clearLength = (indexWord & ENCRYPTED_FLAG) !== 0 ? RTCP_HEADER_LENGTH : plainLength;
    const trailer = context.rtcpTrailer(indexWord);
    const tagOffset = context.rtcpTagOffset(plainLength);
    const authentic = context.rtcp.cipher.open(iv, bytes, clearLength, plainLength - clearLength, trailer, tagOffset);
    if (!authentic) return this.#dropWrongTag();
    return this.#rtcpSsrcs.accept(ssrc, state, index) ? plainLength : this.#dropTooManySsrcs();
  }

  addDrops(drops: Drops): void {
    drops.tooShort += this.tooShort;
    drops.replayed += this.replayed;
    drops.wrongTag += this.wrongTag;
    drops.tooManySsrcs += this.tooManySsrcs;
  }

  /** Wipes the keys; nothing is taken afterwards. */
  close(): void {
    this.#context.close();
  }

  #dropTooShort(): number {
    this.tooShort++;
    return -1;
  }

  #dropReplayed(): number {
    this.replayed++;
    return -1;
  }

  #dropWrongTag(): number {
    this.wrongTag++;
    return -1;
  }

  #dropTooManySsrcs(): number {
    this.tooManySsrcs++;
    return -1;
  }
}

/**
 * Encrypts and authenticates what is sent to one peer: SRTP and SRTCP. No (SSRC, index) is used twice, since two packets
 * under one IV would betray both, and with AEAD the key that authenticates (RFC 7714 section 8.4).
 */
export class SrtpSender {
  /** Packets not sent: their sequence number was used before or is too old to tell, or they do not fit their slot. */
  refused = 0;
  readonly #context: CryptographicContext;
  /** Of the context: to find it there would be one more object to touch for each subscriber. */
  readonly #rtp: PacketProtection;
  /** The indices used, by SSRC as a signed number; the newest of them holds the roll-over counter. */
  readonly #windows = new Map<number, ReplayWindow>();
  /** What was sent last is what is sent next, mostly. */
  #lastSsrc = 0;
  #lastWindow: ReplayWindow | undefined;
  /** Index of the next SRTCP packet. All SSRCs share it, so that it is unique however SSRCs come and go. */
  #rtcpIndex = 0;

  constructor(profile: SrtpProfile, keys: SrtpKeys, factory: SrtpCipherFactory) {
    this.#context = new CryptographicContext(profile, keys, factory);
    this.#rtp = this.#context.rtp;
  }

  /** SSRCs that are remembered. */
  get ssrcCount(): number {
    return this.#windows.size;
  }

  /** Reads what the next packet needs: see MediaSender. */
  readAhead(): number {
    return (this.#rtp.readAhead() + (this.#lastWindow?.newest ?? 0)) | 0;
  }

  /**
   * Encrypts `source[offset, offset + length)` behind the RTP header in `packet[0, headerLength)` and adds the tag.
   * Returns the length of the SRTP packet, or -1 where it is refused. Late packets get the roll-over counter of their
   * turn. The first sequence number of an SSRC should be below 2^15: a receiver that misses the packets before the
   * first roll-over cannot know that there was one (RFC 3711 section 3.3.1).
   */
  protectRtp(packet: Uint8Array, headerLength: number, source: Uint8Array, offset: number, length: number): number {
    const rtp = this.#rtp;
    const tagOffset = headerLength + length;
    if (tagOffset + rtp.tagLength > packet.length) return this.#refuse();
    const ssrc = readInt32(packet, 8);
    const window = this.#windowOf(ssrc);
    const index = estimateIndex(window.newest, readUint16(packet, 2));
    if (index < 0 || !window.check(index)) return this.#refuse();
    window.accept(index);
    const iv = rtp.formIv(ssrc, index);
    const trailer = rtp.isAead ? undefined : this.#context.rtpTrailer(index);
    rtp.cipher.seal(iv, packet, headerLength, source, offset, length, trailer, tagOffset);
    return tagOffset + rtp.tagLength;
  }

  /**
   * Encrypts the compound RTCP packet `source[0, length)` into `packet`, which may be `source`, and adds tag and SRTCP
   * index. Returns the length of the SRTCP packet, or -1 where it is refused; after 2^31 packets every one is.
   */
  protectRtcp(packet: Uint8Array, source: Uint8Array, length: number): number {
    const context = this.#context;
    const total = length + context.tagLength + INDEX_WORD_LENGTH;
    if (length < RTCP_HEADER_LENGTH || total > packet.length) return this.#refuse();
    if (this.#rtcpIndex > RTCP_INDEX_MASK) return this.#refuse();
    const index = this.#rtcpIndex++;
    for (let at = 0; at < RTCP_HEADER_LENGTH; at++) packet[at] = source[at];
    const iv = context.rtcp.formIv(readInt32(packet, 4), index);
    const indexWord = ENCRYPTED_FLAG | index;
    const trailer = context.rtcpTrailer(indexWord);
    const payloadLength = length - RTCP_HEADER_LENGTH;
    const tagOffset = context.rtcpTagOffset(length);
    const { cipher } = context.rtcp;
    cipher.seal(iv, packet, RTCP_HEADER_LENGTH, source, RTCP_HEADER_LENGTH, payloadLength, trailer, tagOffset);
    writeUint32(packet, context.rtcpIndexWordOffset(length), indexWord);
    return total;
  }

  /**
   * Forgets an SSRC whose consumer has ended. The SSRC must never be sent again under these keys: its roll-over counter
   * would begin again at 0 and repeat IVs.
   */
  removeStream(ssrc: number): void {
    this.#windows.delete(ssrc | 0);
    this.#lastWindow = undefined;
  }

  /** Wipes the keys; the sender is not used afterwards. */
  close(): void {
    this.#context.close();
  }

  #windowOf(ssrc: number): ReplayWindow {
    if (ssrc === this.#lastSsrc && this.#lastWindow !== undefined) return this.#lastWindow;
    let window = this.#windows.get(ssrc);
    if (window === undefined) {
      window = new ReplayWindow();
      this.#windows.set(ssrc, window);
    }
    this.#lastSsrc = ssrc;
    this.#lastWindow = window;
    return window;
  }

  #refuse(): number {
    this.refused++;
    return -1;
  }
}

/** Bytes of the RTP header in `bytes[0, end)` with CSRCs and extension (RFC 3550 section 5.1), -1 where it runs past. */
function rtpHeaderLength(bytes: Uint8Array, end: number): number {
  if (end < FIXED_HEADER_LENGTH) return -1;
  let length = FIXED_HEADER_LENGTH + (bytes[0] & 0x0f) * 4;
  if ((bytes[0] & 0x10) !== 0) {
    if (length + 4 > end) return -1;
    length += 4 + readUint16(bytes, length + 2) * 4;
  }
  return length <= end ? length : -1;
}
