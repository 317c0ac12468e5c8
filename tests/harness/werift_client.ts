import { Buffer } from "node:buffer";
import {
  MediaStream,
  PictureLossIndication,
  RTCPeerConnection,
  RtcpPayloadSpecificFeedback,
  type RTCRtpTransceiver,
  RtpHeader,
  RtpPacket,
  useAudioLevelIndication,
  useOPUS,
  usePLI,
  useSdesMid,
  useVP8,
} from "werift";
import { AUDIO_LEVEL_URI, MID_URI } from "../../src/sfu/header_extensions.ts";
import type { Kind, Source, TrackId } from "../../src/sfu/types.ts";
import type { OfferMessage, ServerMessage } from "../../src/signaling/messages.ts";
import type { SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import type { ClientKeys } from "./hostile_peer.ts";
import { Journal } from "./journal.ts";
import { type SdpSection, sdpSections } from "./sdp_sections.ts";
import { SignalingSocket } from "./signaling_socket.ts";
import { flightTimers, prepareTransport, sendingKeysOf, srtpKeysOf, srtpProfileOf } from "./werift_transport.ts";

export interface WeriftOptions {
  readonly name?: string;
  /** Payload types of Opus and VP8. */
  readonly payloadTypes?: Readonly<Record<Kind, number>>;
  /** Offers the audio level too, which gives MID another id. */
  readonly audioLevel?: boolean;
  readonly srtpProfiles?: readonly SrtpProfile[];
  /** A token for the server (JWT). */
  readonly token?: string;
  /** The token of a `welcome`, to come back as the same peer with another connection. */
  readonly resume?: string;
  /** Where its socket is. Left out: IPv4. */
  readonly loopback?: "127.0.0.1" | "::1";
  /** Gives an answer with other candidates, as when the client is to take another way. */
  readonly detour?: (answer: string) => Promise<string>;
}

/** An m-line that the client publishes on. */
export interface Publication {
  readonly kind: Kind;
  readonly transceiver: RTCRtpTransceiver;
  /** Told to the server; it guesses where this is undefined. */
  readonly source: Source | undefined;
  /** Key-frame requests that came, by the time at which each did. */
  readonly keyFrameRequests: Journal<number>;
}

/** An m-line that the client receives on. */
export interface Subscription {
  readonly kind: Kind;
  readonly transceiver: RTCRtpTransceiver;
  /** The track that it names in offers, from now on; undefined for any. */
  trackId: TrackId | undefined;
  /** Whether the server is to fill it. */
  readonly slot: boolean;
}

/** A client over real sockets: signaling by WebSocket, media by werift's RTCPeerConnection, RTP written by hand. */
export class WeriftClient implements AsyncDisposable {
  readonly connection: RTCPeerConnection;
  readonly #roomId: string;
  readonly #srtpProfiles: readonly SrtpProfile[] | undefined;
  readonly #detour: (answer: string) => Promise<string>;
  readonly #streams = new Map<number, Journal<RtpPacket>>();
  readonly #states = new Journal<string>();
  readonly #stream = new MediaStream();
  readonly #publications: Publication[] = [];
  readonly #subscriptions: Subscription[] = [];
  #signaling: SignalingSocket;
  #welcome: Extract<ServerMessage, { type: "welcome" }> | undefined;
  #offers = 0;
  #answer = "";
  #flightsOver = () => Promise.resolve();
  #closing: Promise<void> | undefined;

  private constructor(signaling: SignalingSocket, roomId: string, options: WeriftOptions) {
    this.#roomId = roomId;
    this.#signaling = signaling;
    this.#srtpProfiles = options.srtpProfiles;
    this.#detour = options.detour ?? ((answer) => Promise.resolve(answer));
    const { audio, video } = options.payloadTypes ?? { audio: 111, video: 96 };
    const { loopback = "127.0.0.1" } = options;
    const mid = useSdesMid();
    this.connection = new RTCPeerConnection({
      codecs: {
        audio: [useOPUS({ payloadType: audio })],
        video: [useVP8({ payloadType: video, rtcpFeedback: [usePLI()] })],
      },
      // One object for both: werift counts ids through, and MID has one id in all of a BUNDLE group (RFC 8843 section 9.1).
      headerExtensions: { audio: options.audioLevel ? [useAudioLevelIndication(), mid] : [mid], video: [mid] },
      iceServers: [],
      // Loopback alone, and no look at the machine's interfaces.
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceUseTcp: false,
      iceAdditionalHostAddresses: [loopback],
      iceInterfaceAddresses: loopback === "::1" ? { udp6: loopback } : { udp4: loopback },
      bundlePolicy: "max-bundle",
    });
    this.connection.connectionStateChange.subscribe((state) => this.#states.add(state));
  }

  /** Opens a WebSocket and joins. */
  static async join(url: string, roomId: string, options: WeriftOptions = {}): Promise<WeriftClient> {
    const { name, token, resume } = options;
    const client = new WeriftClient(await SignalingSocket.open(url, token), roomId, options);
    const greeting = { ...(name !== undefined && { name }), ...(resume !== undefined && { resume }) };
    client.signaling.send({ type: "join", roomId, ...greeting });
    client.#welcome = await client.signaling.receive("welcome");
    return client;
  }

  /** The WebSocket that it has now. */
  get signaling(): SignalingSocket {
    return this.#signaling;
  }

  /** Comes back by another WebSocket, be the one before closed or not. Throws an Error where the server refuses. */
  async resume(url: string, resume = this.resumeToken, token?: string): Promise<void> {
    const signaling = await SignalingSocket.open(url, token);
    signaling.send({ type: "join", roomId: this.#roomId, resume });
    const isReply = ({ type }: ServerMessage) => type === "welcome" || type === "error";
    const reply = await signaling.messages.find(isReply, "the reply to a resume");
    if (reply.type !== "welcome") {
      await signaling.close();
      throw new Error(`not resumed: ${JSON.stringify(reply)}`);
    }
    this.#signaling = signaling;
    this.#welcome = reply;
  }

  get resumeToken(): string {
    const { resume } = this.welcome;
    if (resume === undefined) throw new TypeError("the welcome has no token");
    return resume;
  }

  /** The last one. */
  get welcome(): Extract<ServerMessage, { type: "welcome" }> {
    if (this.#welcome === undefined) throw new TypeError("the client has not joined");
    return this.#welcome;
  }

  get id(): string {
    return this.welcome.peerId;
  }

  /** The last answer's m-lines. */
  get sections(): SdpSection[] {
    return sdpSections(this.#answer);
  }

  /** The last answer. */
  get answer(): string {
    return this.#answer;
  }

  /** Adds an m-line that publishes; it takes effect with the next `negotiate`. */
  publish(kind: Kind, source?: Source): Publication {
    const transceiver = this.connection.addTransceiver(kind, { direction: "sendonly", streams: [this.#stream] });
    const keyFrameRequests = new Journal<number>();
    transceiver.sender.onPictureLossIndication.subscribe(() => keyFrameRequests.add(performance.now()));
    const publication = { kind, transceiver, source, keyFrameRequests };
    this.#publications.push(publication);
    return publication;
  }

  /** Adds an m-line that receives; it takes effect with the next `negotiate`. */
  subscribe(kind: Kind, trackId?: TrackId): Subscription {
    return this.#receive(kind, trackId, false);
  }

  /** Adds an m-line that the server fills; it takes effect with the next `negotiate`. */
  openSlot(kind: Kind): Subscription {
    return this.#receive(kind, undefined, true);
  }

  /**
   * One offer and its answer. Does not wait for the transport, which begins to connect only when what `before` does with
   * the first answer is done.
   */
  async negotiate(before: (answer: string) => Promise<void> | void = () => {}): Promise<void> {
    const offer = await this.connection.createOffer();
    this.#prepareTransport();
    await this.connection.setLocalDescription(offer);
    const id = ++this.#offers;
    const sdp = this.connection.localDescription?.sdp ?? offer.sdp;
    this.signaling.send({ type: "offer", sdp, id, tracks: this.#trackRequests() });
    const reply = await this.signaling.messages.find(
      (reply) => (reply.type === "answer" && reply.id === id) || (reply.type === "error" && reply.replyTo === id),
      `the reply to offer ${id}`,
    );
    if (reply.type !== "answer") throw new Error(`the offer was refused: ${JSON.stringify(reply)}`);
    this.#answer = reply.sdp;
    await before(reply.sdp);
    await this.connection.setRemoteDescription({ type: "answer", sdp: await this.#detour(reply.sdp) });
  }

  /** Until media can flow. */
  async connected(): Promise<void> {
    await this.#states.find((state) => state === "connected", "a connected transport");
  }

  /** Negotiates, and waits until media can flow. */
  async connect(): Promise<void> {
    await this.negotiate();
    await this.connected();
  }

  /** The m-line of the last answer. */
  sectionOf({ transceiver }: Publication | Subscription): SdpSection {
    const section = this.sections.find(({ mid }) => mid === transceiver.mid);
    if (section === undefined) throw new TypeError(`the answer has no m-line ${transceiver.mid}`);
    return section;
  }

  /** What comes on an m-line, by the SSRC that the last answer gives it. */
  streamOf(subscription: Subscription): Journal<RtpPacket> {
    const { ssrc, mid, direction } = this.sectionOf(subscription);
    if (ssrc === undefined) throw new TypeError(`m-line ${mid} receives nothing: ${direction}`);
    return this.stream(ssrc);
  }

  /** The SRTP profile that DTLS has chosen. */
  get srtpProfile(): SrtpProfile | undefined {
    return srtpProfileOf(this.#transport);
  }

  /** The SRTP keys of both directions, from this side; undefined before DTLS has agreed on them. */
  get srtpKeys() {
    return srtpKeysOf(this.#transport);
  }

  /** What its packets are protected with, once it is connected. */
  get sendingKeys(): ClientKeys {
    return sendingKeysOf(this.#transport);
  }

  /** Sends a datagram as it is to the server, from where its media comes from. */
  async sendDatagram(bytes: Uint8Array): Promise<void> {
    await this.#transport.iceTransport.connection.send(Buffer.from(bytes));
  }

  /** Sends one RTP packet; werift puts in SSRC, payload type and MID. `level` is what the audio level says, byte for byte. */
  async send(
    publication: Publication,
    sequenceNumber: number,
    timestamp: number,
    payload: Uint8Array,
    marker = true,
    level?: Uint8Array,
  ): Promise<void> {
    const id = level && this.sectionOf(publication).extensions.get(AUDIO_LEVEL_URI);
    const extensions = level && id !== undefined ? [{ id, payload: Buffer.from(level) }] : [];
    const header = new RtpHeader({ sequenceNumber, timestamp, marker, extension: id !== undefined, extensions });
    await publication.transceiver.sender.sendRtp(new RtpPacket(header, Buffer.from(payload)));
  }

  /** The packets with this SSRC. */
  stream(ssrc: number): Journal<RtpPacket> {
    let stream = this.#streams.get(ssrc);
    if (stream === undefined) this.#streams.set(ssrc, stream = new Journal());
    return stream;
  }

  /** SSRCs that packets came with. */
  get receivedSsrcs(): number[] {
    return [...this.#streams].filter(([, { entries }]) => entries.length > 0).map(([ssrc]) => ssrc);
  }

  /** The MID that a packet carries. */
  midOf(packet: RtpPacket): string | undefined {
    const id = this.sections.find(({ extensions }) => extensions.has(MID_URI))?.extensions.get(MID_URI);
    return packet.header.extensions.find((extension) => extension.id === id)?.payload.toString();
  }

  /** Publishes what comes on an m-line as it comes, and asks for key frames of it where it is asked for them. */
  echo(subscription: Subscription, publication: Publication): void {
    const { ssrc } = this.sectionOf(subscription);
    if (ssrc === undefined) throw new TypeError("the m-line receives nothing");
    this.#transport.onRtp.subscribe(({ header, payload }) => {
      if (header.ssrc !== ssrc) return;
      void this.send(publication, header.sequenceNumber, header.timestamp, payload, header.marker);
    });
    publication.transceiver.sender.onPictureLossIndication.subscribe(() => void this.requestKeyFrame(ssrc));
  }

  /** Asks for a key frame of the stream with this SSRC. */
  async requestKeyFrame(mediaSsrc: number): Promise<void> {
    const feedback = new PictureLossIndication({ senderSsrc: 1, mediaSsrc });
    await this.#transport.sendRtcp([new RtcpPayloadSpecificFeedback({ feedback })]);
  }

  /** Leaves as a client should. */
  async leave(): Promise<CloseEvent> {
    this.signaling.send({ type: "leave" });
    const closed = await this.signaling.closed;
    await this.closeTransport();
    return closed;
  }

  /** Ends media without a word, as a machine that goes off the network. */
  closeTransport(): Promise<void> {
    this.#closing ??= this.connection.close().then(() => this.#flightsOver());
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signaling.close();
    await this.closeTransport();
  }

  get #transport() {
    const transport = this.connection.dtlsTransports.at(0);
    if (transport === undefined) throw new TypeError("there is no m-line yet");
    return transport;
  }

  #trackRequests(): OfferMessage["tracks"] {
    return [
      ...this.#publications.flatMap(({ transceiver: { mid }, source }) => mid && source ? [{ mid, source }] : []),
      ...this.#subscriptions.flatMap(({ transceiver: { mid }, trackId }) => mid && trackId ? [{ mid, trackId }] : []),
      ...this.#subscriptions.flatMap(({ transceiver: { mid }, slot }) =>
        mid && slot ? [{ mid, slot: true as const }] : []
      ),
    ];
  }

  #receive(kind: Kind, trackId: TrackId | undefined, slot: boolean): Subscription {
    const transceiver = this.connection.addTransceiver(kind, { direction: "recvonly" });
    const subscription = { kind, transceiver, trackId, slot };
    this.#subscriptions.push(subscription);
    return subscription;
  }

  /** werift has a transport once there is an m-line. */
  #prepareTransport(): void {
    if (this.#offers > 0) return;
    const transport = this.#transport;
    prepareTransport(transport, this.#srtpProfiles);
    this.#flightsOver = flightTimers(transport);
    transport.onRtp.subscribe((packet) => this.stream(packet.header.ssrc).add(packet));
  }
}
