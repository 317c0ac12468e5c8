import { RtpPacket } from "../../src/rtp/packet.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { Kind, TrackInfo } from "../../src/sfu/types.ts";
import type { ServerMessage } from "../../src/signaling/messages.ts";
import { classify } from "../../src/webrtc/classify.ts";
import type { ClientDtls } from "../../src/load/client_handshake.ts";
import { Camera, type CameraOptions, type Generator, Microphone } from "./media_generators.ts";
import { buildOffer, type OfferLine } from "./offer_builder.ts";
import { ReceivedStream } from "./received_stream.ts";
import { RtcpEndpoint } from "./rtcp_endpoint.ts";
import { type SdpSection, sdpSections } from "./sdp_sections.ts";
import { SentStream } from "./sent_stream.ts";
import { credentialsOf, type SignalingClient } from "./signaling_room.ts";
import { SimulatedConnection } from "./simulated_connection.ts";
import type { Link } from "./simulated_network.ts";
import { TestClient } from "./test_client.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What a peer is joined to: its own two links, and its signaling, which takes no time and loses nothing. */
export interface PeerSurroundings {
  readonly clock: VirtualClock;
  readonly random: RandomSource;
  readonly signaling: SignalingClient;
  readonly uplink: Link;
  readonly downlink: Link;
  readonly dtls: ClientDtls;
  /** Whether RTX, and NACK with it, is offered for video. */
  readonly rtx: boolean;
  /** Says a message to the server. */
  say(message: unknown): void;
}

export interface StreamOptions {
  /** Below 2^15 unless a roll-over before the first packets arrive is wanted (RFC 3711 section 3.3.1). */
  readonly firstSequenceNumber?: number;
}

const REPORT_INTERVAL_MS = 1000;
const CLOCK_RATES: Readonly<Record<Kind, number>> = { audio: 48_000, video: 90_000 };
const PAYLOAD_TYPES: Readonly<Record<Kind, number>> = { audio: 111, video: 96 };
const RTX_PAYLOAD_TYPE = 97;

/** An m-line as this peer offers it, and what is on it. */
type Line = OfferLine & { readonly sent?: SentStream; readonly trackId?: string };

/**
 * A client of a SimulatedCall that behaves as browsers do: connects, publishes, takes every track that there is, reports,
 * asks for what is missing and sends again what it is asked for.
 */
export class SimulatedPeer {
  readonly uplink: Link;
  readonly downlink: Link;
  readonly joinedMs: number;
  /** Codes of the errors that the server told. */
  readonly errors: string[] = [];
  /** RTP packets of SSRCs that no answer has told. */
  unknownPackets = 0;
  readonly #with: PeerSurroundings;
  readonly #client: TestClient;
  readonly #connection: SimulatedConnection;
  readonly #rtcp: RtcpEndpoint;
  readonly #packet = new RtpPacket();
  readonly #lines: Line[] = [];
  /** By track id. */
  readonly #streams = new Map<string, ReceivedStream>();
  /** By SSRC of the RTX stream. */
  readonly #repaired = new Map<number, ReceivedStream>();
  #negotiating = false;
  #streamTimer: number | undefined;
  #reportTimer: number | undefined;

  constructor(surroundings: PeerSurroundings) {
    const { clock, random, dtls, uplink, downlink } = surroundings;
    this.#with = surroundings;
    this.uplink = uplink;
    this.downlink = downlink;
    this.joinedMs = clock.now();
    this.#client = new TestClient((bytes) => uplink.send(bytes));
    this.#connection = new SimulatedConnection(this.#client, clock, dtls, () => this.#begin());
    this.#rtcp = new RtcpEndpoint(random.uint32(), (rtcp) => this.#client.sendRtcp(rtcp));
    this.#negotiateSoon();
  }

  /** When media could flow; undefined before. */
  get connectedMs(): number | undefined {
    return this.#connection.connectedMs;
  }

  /** To the server, as this peer has measured it. */
  get roundTripMs(): { readonly byChecks: number; readonly byReports: number } {
    return { byChecks: this.#connection.roundTripMs, byReports: this.#rtcp.roundTripMs };
  }

  /** Whether the server has ended the connection. */
  get ended(): boolean {
    return this.#with.signaling.closed.length > 0;
  }

  publishVideo(options: CameraOptions & StreamOptions = {}): SentStream {
    return this.#publish("video", options, (stream) => new Camera(stream, this.#with.clock, options));
  }

  publishAudio(options: StreamOptions = {}): SentStream {
    return this.#publish("audio", options, (stream) => new Microphone(stream, this.#with.clock));
  }

  /** How a track of another peer comes in here. Throws where it was not negotiated. */
  received(track: SentStream): ReceivedStream {
    const stream = this.#streams.get(track.trackId ?? "");
    if (stream === undefined) throw new Error(`the ${track.kind} track ${track.trackId} is not received`);
    return stream;
  }

  /** Ends what it sends and does. */
  leave(): void {
    this.#with.say({ type: "leave" });
    this.stop();
  }

  /** Falls silent, without a word to anybody. */
  stop(): void {
    const { clock } = this.#with;
    this.#connection.stop();
    for (const { generator } of this.#rtcp.publications.values()) generator.stop();
    for (const timer of [this.#streamTimer, this.#reportTimer]) if (timer !== undefined) clock.clearTimeout(timer);
    this.uplink.close();
    this.downlink.close();
  }

  handleMessage(message: ServerMessage): void {
    if (message.type === "welcome") {
      for (const { tracks } of message.peers) tracks.forEach((track) => this.#take(track));
    }
    if (message.type === "trackPublished") this.#take(message.track);
    if (message.type === "answer") this.#handleAnswer(message.sdp);
    if (message.type === "error") this.errors.push(message.code);
  }

  handleDatagram(bytes: Uint8Array): void {
    const kind = classify(bytes, bytes.length);
    if (kind === "stun") this.#connection.handleStun(bytes);
    if (kind === "dtls") this.#connection.handleDtls(bytes);
    const opened = this.#client.open(bytes);
    if (opened?.kind === "rtcp") this.#rtcp.handleRtcp(opened.plain, this.#with.clock.now());
    if (opened?.kind === "rtp") this.#handleRtp(opened.plain);
  }

  #handleRtp(plain: Uint8Array): void {
    const packet = this.#packet;
    if (!packet.parse(plain, plain.length)) throw new Error("the server sent what is no RTP packet");
    const nowMs = this.#with.clock.now();
    const stream = this.#rtcp.streams.get(packet.ssrc);
    const repaired = this.#repaired.get(packet.ssrc);
    if (stream !== undefined) stream.handleRtp(packet, nowMs);
    else if (repaired !== undefined) repaired.handleRtx(packet, nowMs);
    else this.unknownPackets++;
    this.#scheduleFeedback();
  }

  #publish(kind: Kind, options: StreamOptions, generatorOf: (stream: SentStream) => Generator): SentStream {
    const { random } = this.#with;
    const stream = new SentStream({
      kind,
      clockRate: CLOCK_RATES[kind],
      payloadType: PAYLOAD_TYPES[kind],
      ssrc: random.uint32(),
      firstSequenceNumber: options.firstSequenceNumber ?? random.uint32() & 0x7fff,
      firstTimestamp: random.uint32(),
    }, (rtp) => this.#client.sendRtp(rtp));
    const rtx = this.#rtxOffer(kind);
    const rtxSsrc = rtx.length > 0 ? random.uint32() : undefined;
    const msid = `camera track${this.#lines.length}`;
    this.#addLine({ kind, direction: "sendonly", ssrc: stream.ssrc, rtx, rtxSsrc, msid, sent: stream });
    this.#rtcp.publications.set(stream.ssrc, { stream, generator: generatorOf(stream) });
    return stream;
  }

  #take({ id, kind }: TrackInfo): void {
    this.#addLine({ kind, direction: "recvonly", rtx: this.#rtxOffer(kind), trackId: id });
  }

  #rtxOffer(kind: Kind): NonNullable<OfferLine["rtx"]> {
    return this.#with.rtx && kind === "video" ? [[PAYLOAD_TYPES[kind], RTX_PAYLOAD_TYPE]] : [];
  }

  #addLine(line: Omit<Line, "mid">): void {
    this.#lines.push({ ...line, mid: `${this.#lines.length}` });
    this.#negotiateSoon();
  }

  /** All that is wanted at one time goes into one offer. */
  #negotiateSoon(): void {
    if (this.#negotiating) return;
    this.#negotiating = true;
    this.#with.clock.setTimeout(() => {
      this.#negotiating = false;
      this.#negotiate();
    }, 0);
  }

  #negotiate(): void {
    if (this.ended) return;
    // Who has nothing to send or receive yet offers one inactive m-line (rule P15).
    if (this.#lines.length === 0) this.#lines.push({ kind: "audio", direction: "inactive", mid: "0" });
    const { fingerprint } = this.#with.dtls;
    const tracks = this.#lines.flatMap(({ mid, trackId }) => trackId === undefined ? [] : [{ mid, trackId }]);
    this.#with.say({ type: "offer", sdp: buildOffer(this.#lines, { fingerprint }), tracks });
  }

  #handleAnswer(sdp: string): void {
    for (const [index, section] of sdpSections(sdp).entries()) this.#settle(this.#lines[index], section);
    this.#connection.start(credentialsOf(sdp));
    if (this.connectedMs !== undefined) this.#startGenerators();
  }

  #settle({ kind, sent, rtxSsrc, trackId }: Line, { mid, direction, ssrc, ...section }: SdpSection): void {
    const { rtxPayloadType } = section;
    if (sent !== undefined && direction === "recvonly") {
      sent.trackId = this.#with.signaling.participant?.peer.producers.get(mid)?.id;
      const isRepaired = rtxPayloadType !== undefined && rtxSsrc !== undefined;
      sent.rtx = isRepaired ? { payloadType: rtxPayloadType, ssrc: rtxSsrc } : undefined;
    }
    if (trackId === undefined || ssrc === undefined || this.#streams.has(trackId)) return;
    const nack = rtxPayloadType !== undefined && section.rtxSsrc !== undefined;
    const stream = new ReceivedStream({ kind, clockRate: CLOCK_RATES[kind], ssrc, nack }, this.#rtcp);
    this.#streams.set(trackId, stream);
    this.#rtcp.streams.set(ssrc, stream);
    if (section.rtxSsrc !== undefined) this.#repaired.set(section.rtxSsrc, stream);
  }

  /** The connection is there. */
  #begin(): void {
    this.#startGenerators();
    const report = () => {
      this.#rtcp.sendReports(this.#with.clock.now());
      this.#reportTimer = this.#with.clock.setTimeout(report, REPORT_INTERVAL_MS);
    };
    this.#reportTimer = this.#with.clock.setTimeout(report, REPORT_INTERVAL_MS);
  }

  #startGenerators(): void {
    for (const { generator } of this.#rtcp.publications.values()) generator.start();
  }

  #scheduleFeedback(): void {
    const { clock } = this.#with;
    if (this.#streamTimer !== undefined) clock.clearTimeout(this.#streamTimer);
    this.#streamTimer = undefined;
    const streams = [...this.#streams.values()];
    for (const stream of streams) stream.roundTripMs = this.#connection.roundTripMs;
    const nextMs = Math.min(...streams.map((stream) => stream.nextTimeout()));
    if (nextMs === Infinity) return;
    this.#streamTimer = clock.setTimeout(() => {
      this.#streamTimer = undefined;
      for (const stream of streams) stream.handleTimeout(clock.now());
      this.#scheduleFeedback();
    }, nextMs - clock.now());
  }
}
