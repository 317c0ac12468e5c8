import { chooseCiphers } from "../src/io/native/choose_ciphers.ts";
import { openLibc } from "../src/io/native/libc.ts";
import { SocketBinder } from "../src/io/native/socket_binder.ts";
import { AttachedSockets } from "../src/io/native/sockets.ts";
import { portableCiphers } from "../src/io/portable/cipher.ts";
import { cryptoRandom } from "../src/io/random.ts";
import { TimedReceiver } from "../src/io/timed_receiver.ts";
import { MediaEngine } from "../src/media/media_engine.ts";
import type { DatagramReceiver } from "../src/media/media_socket.ts";
import type { PeerCommand } from "../src/media/messages.ts";
import { writeUint16, writeUint32 } from "../src/rtp/bytes.ts";
import { FIXED_HEADER_LENGTH } from "../src/rtp/packet.ts";
import { writeNack } from "../src/rtp/rtcp/nack.ts";
import { TransportFeedbackWriter } from "../src/rtp/rtcp/transport_feedback_writer.ts";
import { MID_URI, TRANSPORT_WIDE_URI } from "../src/sfu/header_extensions.ts";
import type { Codec } from "../src/sfu/types.ts";
import { type RemoteAddress, SLOT_SIZE } from "../src/webrtc/datagram.ts";
import { SrtpSender } from "../src/webrtc/srtp/srtp_session.ts";
import { writeBindingRequest } from "../src/webrtc/stun_request.ts";
import { fixedKeys } from "../tests/harness/keyed_dtls.ts";
import { VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../tests/harness/rtp_builder.ts";

const HOSTNAME = "127.0.0.1";
const PUBLISHER = 0;
const PACKET_LENGTH = 1180;
const SSRC = 0x80001000;
const MID = "0";
const FIRST_SUBSCRIBER_SSRC = 2 ** 30 * 3;
/** Longer than the second-level cache. */
const EVICTING_BYTES = 8 * 2 ** 20;

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, keyFrameRequest: "pli", fmtp: "" };
const EXTENSIONS = [{ uri: MID_URI, id: 1 }, { uri: TRANSPORT_WIDE_URI, id: 3 }];
const KEYING = fixedKeys("SRTP_AEAD_AES_128_GCM");

export interface FanOutOptions {
  readonly subscribers: number;
  /** Packets of a frame. */
  readonly framePackets: number;
}

/**
 * One publisher of video and its subscribers in one engine, native, all in this isolate; the kernel is replaced by one
 * that takes everything. Frames and reports are prepared apart from their handling, which is what is measured.
 */
export class FanOutRoom {
  /** Time that was spent in what stands for the kernel, and messages that it took. */
  asideMs = 0;
  messages = 0;
  readonly #subscribers: number;
  readonly #framePackets: number;
  readonly #sockets: AttachedSockets;
  readonly #binder: SocketBinder;
  readonly #engine: MediaEngine;
  readonly #receivers: DatagramReceiver[] = [];
  readonly #addresses: readonly RemoteAddress[];
  /** The connectivity check of each. */
  readonly #checks: { readonly bytes: Uint8Array; readonly length: number }[] = [];
  #nowMs = 0;
  readonly #evicting = new Uint8Array(EVICTING_BYTES);
  #evictAt = 0;
  /** What the publisher sends, and the subscribers: all of these have the same keys, and get as many packets. */
  readonly #sender = new SrtpSender(KEYING.profile, KEYING.remote, portableCiphers);
  readonly #payload = new Uint8Array(PACKET_LENGTH);
  readonly #frame: readonly Uint8Array[];
  readonly #frameLengths: Int32Array;
  #sequenceNumber = 0;
  readonly #feedback = new TransportFeedbackWriter();
  #reportedNumber = 0;
  readonly #plain = new Uint8Array(SLOT_SIZE);
  readonly #sealed = new Uint8Array(SLOT_SIZE);
  readonly #received = new Uint8Array(SLOT_SIZE);

  /** Throws where there is no C library. All have joined, and a key frame was forwarded. */
  constructor({ subscribers, framePackets }: FanOutOptions) {
    const opened = openLibc();
    if (!opened.ok) throw new Error(opened.reason);
    const sendmmsg = (_fd: number, _headers: Deno.PointerValue, count: number) => this.#takeAll(count);
    const libc = { ...opened.libc, call: { ...opened.libc.call, sendmmsg } };
    this.#subscribers = subscribers;
    this.#framePackets = framePackets;
    this.#frame = Array.from({ length: framePackets }, () => new Uint8Array(SLOT_SIZE));
    this.#frameLengths = new Int32Array(framePackets);
    const peers = { length: subscribers + 1 };
    this.#addresses = Array.from(peers, (_, peer) => ({ hostname: HOSTNAME, port: 10_000 + peer }));
    this.#binder = new SocketBinder(libc, { random: cryptoRandom });
    this.#sockets = new AttachedSockets(libc, { random: cryptoRandom, blocking: true });
    this.#engine = this.#newEngine();
    for (let peer = 0; peer <= subscribers; peer++) this.#join(peer);
    this.#publish();
    for (let peer = 1; peer <= subscribers; peer++) this.#subscribe(peer);
    this.prepareFrame(0, true);
    this.forwardFrame();
  }

  /** Seals the packets of one frame, which comes `afterMs` behind the one before, into what a socket receives into. */
  prepareFrame(afterMs: number, isKeyFrame = false): void {
    this.#nowMs += afterMs;
    const payload = this.#payload;
    for (const [i, bytes] of this.#frame.entries()) {
      payload.set(isKeyFrame && i === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME);
      bytes.set([0x80, (i === this.#framePackets - 1 ? 0x80 : 0) | VP8.payloadType]);
      writeUint16(bytes, 2, this.#sequenceNumber++ & 0xffff);
      writeUint32(bytes, 4, 0xa0000000 + Math.round(this.#nowMs * 90));
      writeUint32(bytes, 8, SSRC);
      const length = PACKET_LENGTH - (i === 0 ? 0 : 1);
      this.#frameLengths[i] = this.#sender.protectRtp(bytes, FIXED_HEADER_LENGTH, payload, 0, length);
    }
  }

  /** The prepared frame comes, and goes to all subscribers. */
  forwardFrame(): void {
    const receiver = this.#receivers[PUBLISHER];
    const [from, nowMs] = [this.#addresses[PUBLISHER], this.#nowMs];
    for (let i = 0; i < this.#framePackets; i++) {
      receiver.handleDatagram(this.#frame[i], this.#frameLengths[i], from, nowMs);
    }
    receiver.endBatch(nowMs);
    this.#sockets.flush();
  }

  /** Seals what each subscriber tells of the next `count` packets: all came. Returns its bytes. */
  prepareReport(count: number): number {
    const ticks = Math.round(this.#nowMs * 4);
    const arrivals = { has: () => true, ticksOf: () => ticks };
    const length = this.#feedback.write(this.#plain, 0, 1, SSRC, this.#reportedNumber, count, arrivals);
    this.#reportedNumber = (this.#reportedNumber + count) & 0xffff;
    return this.#sender.protectRtcp(this.#sealed, this.#plain, length);
  }

  /** The prepared report, of `length` bytes, comes from each subscriber. */
  report(length: number): void {
    for (let peer = 1; peer <= this.#subscribers; peer++) this.receive(peer, length);
  }

  /** Seals what a subscriber asks for: the newest packet but `behind`. Returns its bytes. */
  prepareNack(peer: number, behind: number): number {
    const newest = this.#engine.find(peer)?.peer.consumers.get(MID)?.stream.rewriter.sequenceNumber ?? 0;
    const asked = Uint16Array.of(newest - behind);
    const length = writeNack(this.#plain, 0, 1, FIRST_SUBSCRIBER_SSRC + peer, asked, 1);
    return this.#sender.protectRtcp(this.#sealed, this.#plain, length);
  }

  /** What was prepared, of `length` bytes, comes from one subscriber. */
  receive(peer: number, length: number): void {
    const receiver = this.#receivers[peer];
    this.#received.set(this.#sealed);
    receiver.handleDatagram(this.#received, length, this.#addresses[peer], this.#nowMs);
    receiver.endBatch(this.#nowMs);
  }

  /** A connectivity check comes from a peer. */
  check(peer: number): void {
    const { bytes, length } = this.#checks[peer];
    this.#receivers[peer].handleDatagram(bytes, length, this.#addresses[peer], this.#nowMs);
    this.#sockets.flush();
  }

  /** Does what is due by the clock: looks at what subscribers get, among other things. */
  tick(): void {
    this.#engine.handleTimeout(this.#nowMs);
    this.#sockets.flush();
  }

  #newEngine(): MediaEngine {
    const sockets = this.#sockets;
    const [receivedMs, flush] = [() => this.#nowMs, () => sockets.flush()];
    return new MediaEngine({
      ciphers: chooseCiphers(portableCiphers).ciphers,
      random: cryptoRandom,
      equalizesLengths: sockets.segmentation,
      attachSocket: (handle, receiver) => {
        this.#receivers.push(receiver);
        return sockets.attachSocket(handle, new TimedReceiver(receiver, receivedMs, flush));
      },
      emit(peer, event) {
        if (event.type === "ended") throw new Error(`peer ${peer}: ${event.detail}`);
      },
    });
  }

  /** Takes everything, and leaves the caches as the kernel does: it copies each datagram to memory that was not used lately. */
  #takeAll(count: number): number {
    const startMs = performance.now();
    this.messages += count;
    for (let i = 0; i < count * this.#framePackets; i++) {
      this.#evictAt = this.#evictAt + SLOT_SIZE >= EVICTING_BYTES ? 0 : this.#evictAt + SLOT_SIZE;
      this.#evicting.set(this.#payload, this.#evictAt);
    }
    this.asideMs += performance.now() - startMs;
    return count;
  }

  #command(peer: number, command: PeerCommand): void {
    this.#engine.handleCommand(peer, command, this.#nowMs);
  }

  #join(peer: number): void {
    const ice = { ufrag: `u${peer}`.padEnd(4, "x"), password: "passwordpasswordpassword" };
    const socket = this.#binder.openSocket(HOSTNAME);
    this.#command(peer, { type: "open", roomId: "room", peerId: `${peer}`, ssrc: 2 ** 31 + peer, ice, socket });
    const bytes = new Uint8Array(SLOT_SIZE);
    const length = writeBindingRequest(bytes, {
      transactionId: new Uint8Array(12).fill(1),
      username: `${ice.ufrag}:client`,
      password: ice.password,
      priority: 1,
      role: "controlling",
      useCandidate: true,
    });
    this.#checks.push({ bytes, length });
    this.check(peer);
    this.#command(peer, { type: "connect", keying: fixedKeys(KEYING.profile) });
  }

  #publish(): void {
    const encodings = { ssrcs: [SSRC], kind: "video", source: "camera" } as const;
    const parameters = { mid: MID, codec: VP8, headerExtensions: [], ...encodings };
    this.#command(PUBLISHER, { type: "publish", trackId: "track", parameters });
  }

  #subscribe(peer: number): void {
    const codec = { ...VP8, payloadType: 100, rtxPayloadType: 101 };
    const parameters = { mid: MID, codec, headerExtensions: EXTENSIONS };
    const ssrcs = { ssrc: FIRST_SUBSCRIBER_SSRC + peer, rtxSsrc: 2 ** 31 + 2 ** 20 + peer };
    this.#command(peer, { type: "subscribe", trackId: "track", parameters, ssrcs });
    // Behind an offer a track begins at once.
    this.#command(peer, { type: "requestKeyFrames" });
  }
}
