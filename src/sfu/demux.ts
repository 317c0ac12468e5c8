import { elementLength, findExtension } from "../rtp/header_extension.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { extensionId, MID_URI } from "./header_extensions.ts";
import type { Producer } from "./producer.ts";

/** SSRCs that one producer may bind: its streams, and room for an encoder that restarts. The oldest goes first. */
const SSRCS_PER_PRODUCER = 8;
/** SSRCs of tracks that are over which a peer may still send: those of 20 tracks and more. The oldest goes first. */
const MAX_FORMER = 64;

/** Finds the producer that a packet belongs to (RFC 8843 section 9.2): by SSRC, else MID, else payload type. */
export class Demux {
  readonly #bySsrc = new Map<number, Producer>();
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
    // The first one announced is the media's own: it is bound last, so that it is not the first to go.
    for (const ssrc of producer.announcedSsrcs.toReversed()) this.#bind(ssrc, producer);
  }

  /** Forgets the producer. What still comes of it is dropped until its SSRC is announced anew. */
  remove(producer: Producer): void {
    this.#byMid.delete(producer.mid);
    for (const ssrc of this.#ssrcsOf(producer)) {
      this.#bySsrc.delete(ssrc);
      this.#former.delete(ssrc);
      this.#former.set(ssrc, producer.mid);
      if (this.#former.size > MAX_FORMER) this.#forgetOldest();
    }
  }

  /** The producer with this SSRC; undefined where none is known yet. */
  findBySsrc(ssrc: number): Producer | undefined {
    return this.#bySsrc.get(ssrc);
  }

  /** The producer of a packet; binds its SSRC where that may be said for good. Undefined where nothing tells. */
  find(packet: RtpPacket): Producer | undefined {
    const known = this.#bySsrc.get(packet.ssrc);
    if (known !== undefined) return known;
    const formerMid = this.#former.get(packet.ssrc);
    if (formerMid !== undefined && !this.#mayReturn(formerMid)) return undefined;
    const element = this.#midExtensionId === 0 ? -1 : findExtension(packet, this.#midExtensionId);
    const producer = element < 0 ? this.#findByPayloadType(packet.payloadType) : this.#findByMid(packet, element);
    if (producer === undefined || (formerMid !== undefined && formerMid !== producer.mid)) return undefined;
    if (element >= 0 || producer.announcedSsrcs.length === 0) this.#bind(packet.ssrc, producer);
    return producer;
  }

  /** An m-line that is used again and announces nothing may have the SSRCs that it had before. */
  #mayReturn(mid: string): boolean {
    return this.#byMid.get(mid)?.announcedSsrcs.length === 0;
  }

  /** A MID that names no track is final: no payload type tells more than it. */
  #findByMid(packet: RtpPacket, element: number): Producer | undefined {
    let mid = "";
    const end = element + elementLength(packet, element);
    for (let i = element; i < end; i++) mid += String.fromCharCode(packet.bytes[i]);
    return this.#byMid.get(mid);
  }

  /** Only where one producer alone uses the payload type, and not in place of what that one has announced. */
  #findByPayloadType(payloadType: number): Producer | undefined {
    let found: Producer | undefined;
    for (const producer of this.#byMid.values()) {
      const { codec } = producer;
      if (codec.payloadType !== payloadType && codec.rtxPayloadType !== payloadType) continue;
      if (found !== undefined) return undefined;
      found = producer;
    }
    return found?.acceptsByPayloadType(payloadType) ? found : undefined;
  }

  #bind(ssrc: number, producer: Producer): void {
    const bound = this.#ssrcsOf(producer);
    if (bound.length >= SSRCS_PER_PRODUCER) this.#bySsrc.delete(bound[0]);
    this.#bySsrc.set(ssrc, producer);
    this.#former.delete(ssrc);
  }

  #forgetOldest(): void {
    for (const ssrc of this.#former.keys()) {
      this.#former.delete(ssrc);
      return;
    }
  }

  #ssrcsOf(producer: Producer): number[] {
    const ssrcs: number[] = [];
    for (const [ssrc, owner] of this.#bySsrc) if (owner === producer) ssrcs.push(ssrc);
    return ssrcs;
  }
}
