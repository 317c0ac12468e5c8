import { writeUint16, writeUint32 } from "../../src/rtp/bytes.ts";
import { writeBindingRequest } from "../../src/webrtc/stun_request.ts";
import { plainAlert } from "./dtls_datagrams.ts";

/** Integers in [0, bound). */
type RandomBelow = (bound: number) => number;

/** What one who watches the path of a call can know of it. */
export interface Target {
  readonly ufrag: string;
  readonly remoteUfrag: string;
  /** An SSRC that is in use. */
  readonly ssrc: number;
}

/** Bytes of an Ethernet frame's payload. */
const MAX_LENGTH = 1500;

/** A datagram of a stranger: noise, or something that looks like a protocol of the call. */
export function hostileDatagram(random: RandomBelow, target: Target): Uint8Array {
  const make = KINDS[random(KINDS.length)];
  return make(random, target);
}

const KINDS: readonly ((random: RandomBelow, target: Target) => Uint8Array)[] = [
  (random) => noise(random, random(MAX_LENGTH + 1)),
  (random) => noise(random, random(3)),
  dtlsStub,
  dtlsRecord,
  () => plainAlert(2, 40),
  bindingRequest,
  stunWithoutIntegrity,
  (random, target) => rtp(random, target, 96),
  // RTCP: SR, RR, BYE, PLI.
  (random, target) => rtp(random, target, [72, 73, 75, 78][random(4)]),
];

function noise(random: RandomBelow, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => random(256));
}

/** Five bytes that begin like a record: they end inside its header. */
function dtlsStub(random: RandomBelow): Uint8Array {
  return Uint8Array.of(20 + random(5), 0xfe, 0xfd, 0, random(2));
}

/** A record with a right header: a handshake message of any kind, an alert, or data. */
function dtlsRecord(random: RandomBelow): Uint8Array {
  const body = noise(random, 1 + random(600));
  const record = new Uint8Array(13 + body.length);
  record.set([20 + random(4), 0xfe, 0xfd, 0, random(2), 0, 0, 0, 0, 0, random(256)]);
  writeUint16(record, 11, body.length);
  record.set(body, 13);
  return record;
}

/** In perfect order, but for the password. */
function bindingRequest(random: RandomBelow, { ufrag, remoteUfrag }: Target): Uint8Array {
  const bytes = new Uint8Array(256);
  const length = writeBindingRequest(bytes, {
    transactionId: noise(random, 12),
    username: `${ufrag}:${remoteUfrag}`,
    password: "not the password of the call",
    priority: 1,
    role: "controlling",
    useCandidate: true,
  });
  return bytes.slice(0, length);
}

/** A header with attributes of any kind, or none (RFC 8489 section 5). */
function stunWithoutIntegrity(random: RandomBelow): Uint8Array {
  const attributes = noise(random, 4 * random(40));
  const message = new Uint8Array(20 + attributes.length);
  writeUint16(message, 0, [0x0001, 0x0011, 0x0101, 0x0111][random(4)]);
  writeUint16(message, 2, attributes.length);
  writeUint32(message, 4, 0x2112a442);
  message.set(noise(random, 12), 8);
  message.set(attributes, 20);
  return message;
}

/** The header of a packet of the call; what is behind it is not encrypted with its keys. */
function rtp(random: RandomBelow, { ssrc }: Target, payloadType: number): Uint8Array {
  const packet = noise(random, 12 + random(1200));
  packet[0] = 0x80 | random(0x40);
  packet[1] = 0x80 | payloadType;
  writeUint32(packet, payloadType === 96 ? 8 : 4, ssrc);
  return packet;
}
