import { elementLength, findExtension } from "../rtp/header_extension.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import type { Encoding } from "./encoding.ts";
import { extensionId, MID_URI, REPAIRED_RID_URI, RID_URI } from "./header_extensions.ts";
import type { Producer } from "./producer.ts";

/** SSRCs that one encoding may bind: its streams, and room for an encoder that restarts. The oldest goes first. */
const SSRCS_PER_ENCODING = 8;
/** SSRCs of tracks that are over which a peer may still send: those of 20 tracks and more. The oldest goes first. */
const MAX_FORMER = 64;

/**
 * Finds the encoding that a packet belongs to (RFC 8843 section 9.2, RFC 8852): by SSRC, else by MID, and RID where the
 * track has several encodings, else by payload type.
 */
export class Demux {
  readonly #bySsrc = new Map<number, Encoding>();
  readonly #byMid = new Map<string, Producer>();
  /** The MID of the track that an SSRC was of which is over: a late packet would pass for another track's. */
  readonly #former = new Map<number, string>();
  #midExtensionId = 0;

  /** SSRCs that are bound at present. */
  get ssrcCount(): number {
    return this.#bySsrc.size;
  }

  add(producer: Producer): void {
    this.#byMid.set(producer.mid, producer);
    // One BUNDLE group means one id for MID on all m-lines (RFC 8843 section 9.1).
    this.#midExtensionId = extensionId(producer.headerExtensions, MID_URI) || this.#midExtensionId;
    for (const encoding of producer.encodings) {
      // The first one announced is the media's own: it is bound last, so that it is not the first to go.
      for (const ssrc of encoding.announcedSsrcs.toReversed()) this.#bind(ssrc, encoding);
    }
  }

  /** Forgets the producer. What still comes of it is dropped until its SSRC is announced anew. */
  remove(producer: Producer): void {
    this.#byMid.delete(producer.mid);
    for (const ssrc of producer.encodings.flatMap((encoding) => this.#ssrcsOf(encoding))) {
      this.#bySsrc.delete(ssrc);
      this.#former.delete(ssrc);
      this.#former.set(ssrc, producer.mid);
      if (this.#former.size > MAX_FORMER) this.#forgetOldest();
    }
  }

  /** The encoding with this SSRC; undefined where none is known yet. */
  findBySsrc(ssrc: number): Encoding | undefined {
    return this.#bySsrc.get(ssrc);
  }

  /** The encoding of a packet; binds its SSRC where that may be said for good. Undefined where nothing tells. */
  find(packet: RtpPacket): Encoding | undefined {
    const known = this.#bySsrc.get(packet.ssrc);
    if (known !== undefined) return known;
    const formerMid = this.#former.get(packet.ssrc);
    if (formerMid !== undefined && !this.#mayReturn(formerMid)) return undefined;
    const mid = this.#midExtensionId === 0 ? undefined : textOf(packet, this.#midExtensionId);
    // A MID that names no track is final: no payload type tells more than it.
    const producer = mid === undefined ? this.#findByPayloadType(packet.payloadType) : this.#byMid.get(mid);
    if (producer === undefined || (formerMid !== undefined && formerMid !== producer.mid)) return undefined;
    const encoding = encodingOf(producer, packet);
    if (encoding === undefined) return undefined;
    if (mid !== undefined || encoding.announcedSsrcs.length === 0) this.#bind(packet.ssrc, encoding);
    return encoding;
  }

  /** An m-line that is used again and announces nothing may have the SSRCs that it had before. */
  #mayReturn(mid: string): boolean {
    return this.#byMid.get(mid)?.encodings.every(({ announcedSsrcs }) => announcedSsrcs.length === 0) ?? false;
  }

  /** Only where one producer alone uses the payload type, and not in place of what that one has announced. */
  #findByPayloadType(payloadType: number): Producer | undefined {
    let found: Producer | undefined;
    for (const producer of this.#byMid.values()) {
      const { codec } = producer;
      if (![codec.payloadType, codec.rtxPayloadType, codec.redPayloadType].includes(payloadType)) continue;
      if (found !== undefined) return undefined;
      found = producer;
    }
    return found?.encodings.every((encoding) => encoding.acceptsByPayloadType(payloadType)) ? found : undefined;
  }

  #bind(ssrc: number, encoding: Encoding): void {
    const bound = this.#ssrcsOf(encoding);
    if (bound.length >= SSRCS_PER_ENCODING) this.#bySsrc.delete(bound[0]);
    this.#bySsrc.set(ssrc, encoding);
    this.#former.delete(ssrc);
  }

  #forgetOldest(): void {
    for (const ssrc of this.#former.keys()) {
      this.#former.delete(ssrc);
      return;
    }
  }

  #ssrcsOf(encoding: Encoding): number[] {
    const ssrcs: number[] = [];
    for (const [ssrc, owner] of this.#bySsrc) if (owner === encoding) ssrcs.push(ssrc);
    return ssrcs;
  }
}

/**
 * Of several encodings the one whose RID the packet has (RFC 8852): its own, or, as a retransmission, that of the stream
 * which it repairs. Undefined where it tells none.
 */
function encodingOf({ encodings, headerExtensions, codec }: Producer, packet: RtpPacket): Encoding | undefined {
  if (encodings.length === 1) return encodings[0];
  const uri = packet.payloadType === codec.rtxPayloadType ? REPAIRED_RID_URI : RID_URI;
  const id = extensionId(headerExtensions, uri);
  const rid = id === 0 ? undefined : textOf(packet, id);
  return rid === undefined ? undefined : encodings.find((encoding) => encoding.rid === rid);
}

/** What an SDES header extension (RFC 7941) says; undefined where the packet has none of this id. */
function textOf(packet: RtpPacket, id: number): string | undefined {
  const element = findExtension(packet, id);
  if (element < 0) return undefined;
  let text = "";
  const end = element + elementLength(packet, element);
  for (let i = element; i < end; i++) text += String.fromCharCode(packet.bytes[i]);
  return text;
}
