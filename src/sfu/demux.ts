import { elementLength, findExtension } from "../rtp/header_extension.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import { extensionId, MID_URI } from "./header_extensions.ts";
import type { Producer } from "./producer.ts";

/** SSRCs that one producer may bind: its streams, and room for an encoder that restarts. The oldest goes first. */
const SSRCS_PER_PRODUCER = 8;

/** Finds the producer that a packet belongs to (RFC 8843 section 9.2): by SSRC, else MID, else payload type. */
export class Demux {
  readonly #bySsrc = new Map<number, Producer>();
  readonly #byMid = new Map<string, Producer>();
  #midExtensionId = 0;

  /** SSRCs that are bound at present. */
  get ssrcCount(): number {
    return this.#bySsrc.size;
  }

  add(producer: Producer, ssrcs: readonly number[]): void {
    this.#byMid.set(producer.mid, producer);
    // One BUNDLE group means one id for MID on all m-lines (RFC 8843 section 9.1).
    this.#midExtensionId = extensionId(producer.headerExtensions, MID_URI) || this.#midExtensionId;
    // The first one announced is the media's own: it is bound last, so that it is not the first to go.
    for (const ssrc of ssrcs.toReversed()) this.#bind(ssrc, producer);
  }

  /** Forgets the producer and the SSRCs that were bound to it. */
  remove(producer: Producer): void {
    this.#byMid.delete(producer.mid);
    for (const ssrc of this.#ssrcsOf(producer)) this.#bySsrc.delete(ssrc);
  }

  /** The producer with this SSRC; undefined where none is known yet. */
  findBySsrc(ssrc: number): Producer | undefined {
    return this.#bySsrc.get(ssrc);
  }

  /** The producer of a packet; binds its SSRC on the first one. Undefined where nothing tells. */
  find(packet: RtpPacket): Producer | undefined {
    const known = this.#bySsrc.get(packet.ssrc);
    if (known !== undefined) return known;
    const producer = this.#findByMid(packet) ?? this.#findByPayloadType(packet.payloadType);
    if (producer !== undefined) this.#bind(packet.ssrc, producer);
    return producer;
  }

  #findByMid(packet: RtpPacket): Producer | undefined {
    const element = this.#midExtensionId === 0 ? -1 : findExtension(packet, this.#midExtensionId);
    if (element < 0) return undefined;
    let mid = "";
    const end = element + elementLength(packet, element);
    for (let i = element; i < end; i++) mid += String.fromCharCode(packet.bytes[i]);
    return this.#byMid.get(mid);
  }

  /** Only where one producer alone uses the payload type. */
  #findByPayloadType(payloadType: number): Producer | undefined {
    let found: Producer | undefined;
    for (const producer of this.#byMid.values()) {
      const { codec } = producer;
      if (codec.payloadType !== payloadType && codec.rtxPayloadType !== payloadType) continue;
      if (found !== undefined) return undefined;
      found = producer;
    }
    return found;
  }

  #bind(ssrc: number, producer: Producer): void {
    const bound = this.#ssrcsOf(producer);
    if (bound.length >= SSRCS_PER_PRODUCER) this.#bySsrc.delete(bound[0]);
    this.#bySsrc.set(ssrc, producer);
  }

  #ssrcsOf(producer: Producer): number[] {
    const ssrcs: number[] = [];
    for (const [ssrc, owner] of this.#bySsrc) if (owner === producer) ssrcs.push(ssrc);
    return ssrcs;
  }
}
