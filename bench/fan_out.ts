/**
 * What a forwarded packet costs without the kernel: from the RTP packet of a publisher to the filled sendmmsg(2), which is
 * replaced by one that takes everything. Microseconds by the clock, the best of many short bursts, so that what else runs
 * on the machine is left out. Subscribers report on what they get, which is in it. Arguments: subscribers (400), packets of
 * a frame (7).
 */
import { chooseCiphers } from "../src/io/native/choose_ciphers.ts";
import { openLibc } from "../src/io/native/libc.ts";
import { SocketBinder } from "../src/io/native/socket_binder.ts";
import { AttachedSockets } from "../src/io/native/sockets.ts";
import { portableCiphers } from "../src/io/portable/cipher.ts";
import { cryptoRandom } from "../src/io/random.ts";
import { receiveFor } from "../src/io/receive_for.ts";
import { type DatagramReceiver, MediaEngine } from "../src/media/media_engine.ts";
import type { PeerCommand } from "../src/media/messages.ts";
import { FIXED_HEADER_LENGTH } from "../src/rtp/packet.ts";
import { writeUint16, writeUint32 } from "../src/rtp/bytes.ts";
import { TransportFeedbackWriter } from "../src/rtp/rtcp/transport_feedback_writer.ts";
import { MID_URI, TRANSPORT_WIDE_URI } from "../src/sfu/header_extensions.ts";
import type { Codec } from "../src/sfu/types.ts";
import { SLOT_SIZE } from "../src/webrtc/datagram.ts";
import { SrtpSender } from "../src/webrtc/srtp/srtp_session.ts";
import { writeBindingRequest } from "../src/webrtc/stun_request.ts";
import { fixedKeys } from "../tests/harness/keyed_dtls.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../tests/harness/rtp_builder.ts";

const HOSTNAME = "127.0.0.1";
const PUBLISHER = 0;
const [subscribers = 400, framePackets = 7] = Deno.args.map(Number);
const PACKET_LENGTH = 1180;
const FRAME_MS = 33;
const ROUNDS = 300;
const FRAMES_OF_ROUND = 8;
/** Subscribers report every 100 ms. */
const FRAMES_OF_REPORT = 3;
const SSRC = 0x80001000;

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, keyFrameRequest: "pli", fmtp: "" };
const EXTENSIONS = [{ uri: MID_URI, id: 1 }, { uri: TRANSPORT_WIDE_URI, id: 3 }];
const KEYING = fixedKeys("SRTP_AEAD_AES_128_GCM");

const opened = openLibc();
if (!opened.ok) throw new Error(opened.reason);
const libc = { ...opened.libc, call: { ...opened.libc.call, sendmmsg: takeAll } };
/** Longer than the second-level cache. */
const evicting = new Uint8Array(8 * 2 ** 20);
let evictAt = 0;
/** Time spent in what stands for the kernel. */
let asideMs = 0;
let messages = 0;
let nowMs = 0;
const binder = new SocketBinder(libc, { random: cryptoRandom });
const sockets = new AttachedSockets(libc, { random: cryptoRandom, blocking: true });
const receivers: DatagramReceiver[] = [];
const engine = new MediaEngine({
  ciphers: chooseCiphers(portableCiphers).ciphers,
  random: cryptoRandom,
  equalizesLengths: sockets.segmentation,
  attachSocket(handle, receiver) {
    receivers.push(receiver);
    return sockets.attachSocket(handle, receiveFor(receiver, () => nowMs, () => sockets.flush()));
  },
  emit(peer, event) {
    if (event.type === "ended") throw new Error(`peer ${peer}: ${event.detail}`);
  },
});

/** Takes everything, and leaves the caches as the kernel does: it copies each datagram to memory that was not used lately. */
function takeAll(_fd: number, _headers: Deno.PointerValue, count: number): number {
  const startMs = performance.now();
  messages += count;
  for (let i = 0; i < count * framePackets; i++) {
    evictAt = evictAt + SLOT_SIZE >= evicting.length ? 0 : evictAt + SLOT_SIZE;
    evicting.set(payload, evictAt);
  }
  asideMs += performance.now() - startMs;
  return count;
}

function command(peer: number, command: PeerCommand): void {
  engine.handleCommand(peer, command, nowMs);
}

function join(peer: number): void {
  const ice = { ufrag: `u${peer}`.padEnd(4, "x"), password: "passwordpasswordpassword" };
  const socket = binder.openSocket(HOSTNAME);
  command(peer, { type: "open", roomId: "room", peerId: `${peer}`, ssrc: 2 ** 31 + peer, ice, socket });
  const request = new Uint8Array(SLOT_SIZE);
  const length = writeBindingRequest(request, {
    transactionId: new Uint8Array(12).fill(1),
    username: `${ice.ufrag}:client`,
    password: ice.password,
    priority: 1,
    role: "controlling",
    useCandidate: true,
  });
  receivers[peer].handleDatagram(request, length, { hostname: HOSTNAME, port: 10_000 + peer }, nowMs);
  command(peer, { type: "connect", keying: fixedKeys(KEYING.profile) });
}

function subscribe(peer: number): void {
  const parameters = {
    mid: "0",
    codec: { ...VP8, payloadType: 100, rtxPayloadType: 101 },
    headerExtensions: EXTENSIONS,
  };
  const ssrcs = { ssrc: 2 ** 30 * 3 + peer, rtxSsrc: 2 ** 31 + 2 ** 20 + peer };
  command(peer, { type: "subscribe", trackId: "track", parameters, ssrcs });
  // Behind an offer a track begins at once.
  command(peer, { type: "requestKeyFrames" });
}

const sender = new SrtpSender(KEYING.profile, KEYING.remote, portableCiphers);
const received = Array.from({ length: framePackets }, () => new Uint8Array(SLOT_SIZE));
const payload = new Uint8Array(PACKET_LENGTH);
let sequenceNumber = 0;

/** Seals the packets of one frame into what a socket receives into. */
function prepareFrame(isKeyFrame: boolean): number[] {
  return received.map((bytes, i) => {
    const begins = isKeyFrame && i === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME;
    payload.set(begins);
    bytes.set([0x80, (i === framePackets - 1 ? 0x80 : 0) | VP8.payloadType]);
    writeUint16(bytes, 2, sequenceNumber++ & 0xffff);
    writeUint32(bytes, 4, 0xa0000000 + Math.round(nowMs * 90));
    writeUint32(bytes, 8, SSRC);
    return sender.protectRtp(bytes, FIXED_HEADER_LENGTH, payload, 0, PACKET_LENGTH - (i === 0 ? 0 : 1));
  });
}

const from = { hostname: HOSTNAME, port: 10_000 };

function forwardFrame(lengths: readonly number[]): void {
  const receiver = receivers[PUBLISHER];
  for (let i = 0; i < framePackets; i++) receiver.handleDatagram(received[i], lengths[i], from, nowMs);
  receiver.endBatch(nowMs);
  sockets.flush();
}

const feedback = new TransportFeedbackWriter();
const sealed = new Uint8Array(SLOT_SIZE);
const reported = new Uint8Array(SLOT_SIZE);
const addresses = Array.from({ length: subscribers + 1 }, (_, peer) => ({ hostname: HOSTNAME, port: 10_000 + peer }));
let reportedNumber = 0;

/** Seals what each subscriber reports: all came. All have the same keys, and get as many packets. */
function prepareReport(): number {
  const count = framePackets * FRAMES_OF_REPORT;
  const arrivals = { has: () => true, ticksOf: () => nowMs * 4 };
  const length = feedback.write(reported, 0, 1, SSRC, reportedNumber, count, arrivals);
  reportedNumber = (reportedNumber + count) & 0xffff;
  return sender.protectRtcp(sealed, reported, length);
}

function report(length: number): void {
  for (let peer = 1; peer <= subscribers; peer++) {
    reported.set(sealed);
    receivers[peer].handleDatagram(reported, length, addresses[peer], nowMs);
    receivers[peer].endBatch(nowMs);
  }
}

for (let peer = 0; peer <= subscribers; peer++) join(peer);
const parameters = {
  mid: "0",
  codec: VP8,
  headerExtensions: [],
  ssrcs: [SSRC],
  kind: "video",
  source: "camera",
} as const;
command(PUBLISHER, { type: "publish", trackId: "track", parameters });
for (let peer = 1; peer <= subscribers; peer++) subscribe(peer);

forwardFrame(prepareFrame(true));
const costs: number[] = [];
let frames = 0;
for (let round = 0; round < ROUNDS; round++) {
  let spentMs = 0;
  asideMs = 0;
  for (let frame = 0; frame < FRAMES_OF_ROUND; frame++) {
    nowMs += FRAME_MS;
    const lengths = prepareFrame(false);
    const reportLength = ++frames % FRAMES_OF_REPORT === 0 ? prepareReport() : 0;
    const startMs = performance.now();
    forwardFrame(lengths);
    if (reportLength > 0) report(reportLength);
    spentMs += performance.now() - startMs;
  }
  costs.push(((spentMs - asideMs) * 1000) / FRAMES_OF_ROUND / framePackets / subscribers);
}
costs.sort((a, b) => a - b);
const datagrams = ROUNDS * FRAMES_OF_ROUND * framePackets * subscribers;
console.log(
  `${subscribers} subscribers, ${framePackets} packets a frame: ${costs[0].toFixed(3)} us a packet at best, ` +
    `${costs[ROUNDS >> 1].toFixed(3)} in the median; ${(datagrams / messages).toFixed(1)} datagrams a message`,
);
Deno.exit(0);
