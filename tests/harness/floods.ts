import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import { writeNack } from "../../src/rtp/rtcp/nack.ts";
import { APPLICATION_DATA, PROTECTED_EPOCH, writeRecord } from "../../src/io/dtls/record.ts";
import { hostileDatagram, type Target } from "./hostile_datagrams.ts";
import { HostilePeer } from "./hostile_peer.ts";
import { buildRtp } from "./rtp_builder.ts";
import type { WeriftClient } from "./werift_client.ts";

/** Bytes of a compound packet that fill a datagram. */
const COMPOUND = 1_200;

/** What a flooder knows of the call that it is in. */
export interface FloodOptions {
  /** Its own track, and the SSRC under which it receives another's. */
  readonly ownSsrc: number;
  readonly receivedSsrc: number;
  /** Of the server's transport to it. */
  readonly target: Target;
  readonly random: (bound: number) => number;
}

/** One datagram of a flood, or several. */
export type Flood = () => readonly Uint8Array[];

/** What a peer that is connected can flood the server with, by name. */
export function floodsOf(client: WeriftClient, options: FloodOptions): Readonly<Record<string, Flood>> {
  const { ownSsrc, receivedSsrc, target, random } = options;
  let made: Uint8Array[] = [];
  const peer = new HostilePeer((datagram) => made.push(datagram), client.sendingKeys);
  const take = () => made.splice(0);
  const rtp = (ssrc: number) => {
    // A step of one; see HostilePeer.
    peer.sendAsRtp(buildRtp({ ssrc, sequenceNumber: 1, payload: Uint8Array.of(0x10, 1, 2, 3) }));
    return take();
  };
  const rtcp = (compound: Uint8Array) => {
    peer.sendAsRtcp(compound);
    return take();
  };
  const [replayed] = rtp(ownSsrc);
  let newSsrc = 0x4000_0000;
  // A step of nearly as many numbers as are asked for at once (rule B102); see HostilePeer.
  const gap = buildRtp({ ssrc: ownSsrc, sequenceNumber: 992, payload: Uint8Array.of(0x10, 1, 2, 3) });
  made = [];
  return {
    "forged DTLS records": () => [forgedRecords()],
    "datagrams of a stranger": () => [hostileDatagram(random, target)],
    "forged SRTP": () => rtp(ownSsrc).map((packet) => flipped(packet, random)),
    "forged SRTCP": () => rtcp(pictureLoss(receivedSsrc)).map((packet) => flipped(packet, random)),
    "replayed SRTP": () => [replayed, replayed],
    "new SSRCs": () => rtp(newSsrc++),
    "SSRCs of others": () => rtp(receivedSsrc),
    "gaps": () => peer.sendAsRtp(gap) ? take() : [],
    "NACK of everything": () => rtcp(nackOfAll(receivedSsrc, random(0x1_0000))),
    "picture losses": () => rtcp(repeated(pictureLoss(receivedSsrc))),
    "full intra requests": () => rtcp(repeated(fullIntraRequest(receivedSsrc))),
    "REMB that lies": () => rtcp(repeated(Uint8Array.fromHex("8fce0004000000010000000052454d42ff03ffff"))),
    "BYE of everyone": () => rtcp(repeated(bye([ownSsrc, receivedSsrc, target.ssrc, 1]))),
    "SDES": () => rtcp(repeated(description(ownSsrc))),
    "reference times": () => rtcp(repeated(Uint8Array.fromHex("80cf000400000001040000020000000100000002"))),
    "own reports": () => rtcp(repeated(senderReport(ownSsrc))),
    "reports of others": () => rtcp(repeated(senderReport(target.ssrc))),
  };
}

/** As many records as a datagram has room for, each of which has to be decrypted to be known as forged. */
function forgedRecords(): Uint8Array {
  const record = writeRecord(APPLICATION_DATA, PROTECTED_EPOCH, 1_000, new Uint8Array(24));
  return repeated(record);
}

function repeated(packet: Uint8Array): Uint8Array {
  const copies = Math.floor(COMPOUND / packet.length);
  return Uint8Array.from({ length: copies * packet.length }, (_, at) => packet[at % packet.length]);
}

/** Any bit but those that tell what the packet is. */
function flipped(packet: Uint8Array, random: (bound: number) => number): Uint8Array {
  const forged = packet.slice();
  forged[2 + random(packet.length - 2)] ^= 1 << random(8);
  return forged;
}

function nackOfAll(ssrc: number, from: number): Uint8Array {
  const bytes = new Uint8Array(COMPOUND);
  const numbers = Uint16Array.from({ length: 4_900 }, (_, i) => from + i);
  return bytes.subarray(0, writeNack(bytes, 0, 1, ssrc, numbers, numbers.length));
}

function pictureLoss(ssrc: number): Uint8Array {
  const bytes = Uint8Array.fromHex("81ce00020000000100000000");
  writeUint32(bytes, 8, ssrc);
  return bytes;
}

function fullIntraRequest(ssrc: number): Uint8Array {
  const bytes = Uint8Array.fromHex("84ce000400000001000000000000000001000000");
  writeUint32(bytes, 12, ssrc);
  return bytes;
}

function bye(ssrcs: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * ssrcs.length);
  bytes.set([0x80 | ssrcs.length, 203]);
  writeUint16(bytes, 2, ssrcs.length);
  ssrcs.forEach((ssrc, i) => writeUint32(bytes, 4 + 4 * i, ssrc));
  return bytes;
}

/** A CNAME of 255 bytes (RFC 3550 section 6.5.1). */
function description(ssrc: number): Uint8Array {
  const bytes = new Uint8Array(4 + 4 + 2 + 255 + 3).fill(0x61);
  bytes.set([0x81, 202]);
  writeUint16(bytes, 2, bytes.length / 4 - 1);
  writeUint32(bytes, 4, ssrc);
  bytes.set([1, 255], 8);
  bytes.fill(0, bytes.length - 3);
  return bytes;
}

function senderReport(ssrc: number): Uint8Array {
  const bytes = new Uint8Array(28).fill(0xff);
  bytes.set([0x80, 200, 0, 6]);
  writeUint32(bytes, 4, ssrc);
  return bytes;
}
