import { RtpPacket, type RtpRun } from "../rtp/packet.ts";
import {
  findPrimary,
  MAX_BLOCK_LENGTH,
  MAX_TIMESTAMP_OFFSET,
  RED_OVERHEAD,
  setBlockPayloadTypes,
  writeLastRedHeader,
  writeRedHeaders,
} from "../rtp/red.ts";
import { sequenceDiff } from "../rtp/sequence.ts";
import type { Codec } from "./types.ts";

/** The payload type that a view has which is to go out as RED: none that a packet can have. */
export const RED_VIEW = 0x80;
/** That of what is to go to nobody. */
const NO_PAYLOAD_TYPE = 0xff;
/** A packet with redundancy is no longer than that (rule B132). */
const MAX_LENGTH = 1200;
/** The longest packet that is received, and the header of its only block. */
const BUFFER_LENGTH = 2048 + 1;

/** A packet that is further behind has begun anew. */
const MAX_LATE = 1024;

interface Views {
  /** By the index of the packet in its run. */
  readonly packets: RtpPacket[];
  count: number;
}

/**
 * Makes of the packets of one Opus track what subscribers with RED (RFC 2198) and without it are sent, once for all of
 * them, as views that a consumer takes like any other packet. What a publisher sends as RED passes, or only the primary
 * block does, which is a view into the same bytes. To other packets the one before is added, in a copy.
 */
export class Redundancy {
  readonly #payloadType: number;
  readonly #redPayloadType: number;
  readonly #plain: Views = { packets: [], count: 0 };
  readonly #red: Views = { packets: [], count: 0 };
  // Views and copies are made when they are first needed, and used again.
  readonly #stripped: RtpPacket[] = [];
  readonly #passed: RtpPacket[] = [];
  readonly #extended: RtpPacket[] = [];
  readonly #buffers: Uint8Array[] = [];
  #hasRed = false;
  /** The payload of the newest packet that redundancy was added to. */
  readonly #previous = new Uint8Array(MAX_BLOCK_LENGTH);
  #previousLength = 0;
  /** As a signed number, like the SSRC. */
  #previousTimestamp = 0;
  #previousSequenceNumber = 0;
  #previousSsrc = 0;

  constructor({ payloadType, redPayloadType = NO_PAYLOAD_TYPE }: Codec) {
    this.#payloadType = payloadType;
    this.#redPayloadType = redPayloadType;
  }

  /**
   * Takes the next run, `run.packets[from, to)`, and returns what subscribers without RED get: a malformed RED packet has a
   * payload type there that is nobody's.
   */
  begin(run: RtpRun, from: number, to: number): RtpRun {
    this.#hasRed = false;
    if (this.#redPayloadType === NO_PAYLOAD_TYPE) return run;
    const { packets } = this.#plain;
    for (let i = from; i < to; i++) {
      const packet = run.packets[i];
      packets[i] = packet.payloadType === this.#redPayloadType ? this.#strip(packet, i) : packet;
    }
    this.#plain.count = run.count;
    return this.#plain;
  }

  /** The run that `begin` was given for subscribers with RED, as views with the payload type RED_VIEW. */
  red(run: RtpRun, from: number, to: number): RtpRun {
    if (this.#hasRed) return this.#red;
    this.#hasRed = true;
    const { packets } = this.#red;
    for (let i = from; i < to; i++) packets[i] = this.#redView(run.packets[i], i);
    this.#red.count = run.count;
    return this.#red;
  }

  #redView(packet: RtpPacket, index: number): RtpPacket {
    if (packet.payloadType === this.#redPayloadType) return this.#pass(packet, index);
    return packet.payloadType === this.#payloadType && packet.payloadLength > 0 ? this.#extend(packet, index) : packet;
  }

  /** As it is, where `begin` has found it well-formed. */
  #pass(packet: RtpPacket, index: number): RtpPacket {
    const view = viewOf(packet, this.#passed, index);
    view.payloadType = this.#stripped[index].payloadType === NO_PAYLOAD_TYPE ? NO_PAYLOAD_TYPE : RED_VIEW;
    return view;
  }

  /** The primary block alone. */
  #strip(packet: RtpPacket, index: number): RtpPacket {
    const view = viewOf(packet, this.#stripped, index);
    const { bytes, headerLength, payloadLength } = packet;
    const primary = findPrimary(bytes, headerLength, payloadLength, this.#payloadType);
    view.payloadType = primary < 0 ? NO_PAYLOAD_TYPE : this.#payloadType;
    if (primary < 0) return view;
    view.headerLength = primary;
    view.payloadLength = headerLength + payloadLength - primary;
    return view;
  }

  /** A copy with the packet before, where that is near enough and both fit. */
  #extend(packet: RtpPacket, index: number): RtpPacket {
    const view = viewOf(packet, this.#extended, index);
    const out = this.#buffers[index] ??= new Uint8Array(BUFFER_LENGTH);
    const { bytes, headerLength, payloadLength } = packet;
    copy(bytes, 0, headerLength, out, 0);
    const before = this.#hasNear(packet) ? this.#previousLength : 0;
    let at = headerLength;
    if (before > 0) {
      at = writeRedHeaders(out, at, this.#payloadType, (packet.timestamp - this.#previousTimestamp) | 0, before);
      copy(this.#previous, 0, before, out, at);
    } else {
      at = writeLastRedHeader(out, at, this.#payloadType);
    }
    copy(bytes, headerLength, payloadLength, out, at + before);
    view.bytes = out;
    view.padding = false;
    view.payloadType = RED_VIEW;
    view.length = at + before + payloadLength;
    view.payloadLength = view.length - headerLength;
    this.#remember(packet);
    return view;
  }

  /** Whether the packet that was remembered may go with this one. */
  #hasNear({ ssrc, timestamp, headerLength, payloadLength }: RtpPacket): boolean {
    const age = (timestamp - this.#previousTimestamp) | 0;
    return this.#previousLength > 0 && (ssrc | 0) === this.#previousSsrc && age > 0 && age <= MAX_TIMESTAMP_OFFSET &&
      headerLength + RED_OVERHEAD + this.#previousLength + payloadLength <= MAX_LENGTH;
  }

  #remember({ ssrc, sequenceNumber, timestamp, bytes, headerLength, payloadLength }: RtpPacket): void {
    const ahead = sequenceDiff(sequenceNumber, this.#previousSequenceNumber);
    if ((ssrc | 0) === this.#previousSsrc && ahead <= 0 && ahead > -MAX_LATE) return;
    this.#previousSsrc = ssrc | 0;
    this.#previousSequenceNumber = sequenceNumber;
    this.#previousTimestamp = timestamp | 0;
    this.#previousLength = payloadLength <= MAX_BLOCK_LENGTH ? payloadLength : 0;
    copy(bytes, headerLength, this.#previousLength, this.#previous, 0);
  }
}

/** Has the blocks of RED name the subscriber's payload type: in place, as the next consumer has them name its own. */
export function nameBlocks(run: RtpRun, from: number, to: number, payloadType: number): void {
  for (let i = from; i < to; i++) {
    const packet = run.packets[i];
    if (packet.payloadType === RED_VIEW) setBlockPayloadTypes(packet.bytes, packet.headerLength, payloadType);
  }
}

/** A view of the same bytes, with an index of its own. */
function viewOf(packet: RtpPacket, views: RtpPacket[], index: number): RtpPacket {
  const view = views[index] ??= new RtpPacket();
  view.bytes = packet.bytes;
  view.length = packet.length;
  view.marker = packet.marker;
  view.padding = packet.padding;
  view.sequenceNumber = packet.sequenceNumber;
  view.timestamp = packet.timestamp;
  view.ssrc = packet.ssrc;
  view.extensionProfile = packet.extensionProfile;
  view.extensionOffset = packet.extensionOffset;
  view.extensionLength = packet.extensionLength;
  view.headerLength = packet.headerLength;
  view.payloadLength = packet.payloadLength;
  return view;
}

/** A loop, as `set` would need a `subarray`. */
function copy(from: Uint8Array, offset: number, length: number, to: Uint8Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = from[offset + i];
}
