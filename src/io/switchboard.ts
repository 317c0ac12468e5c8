import { getLogger } from "@logtape/logtape";
import type { OpenPeerMedia } from "../media/messages.ts";
import type { RandomSource } from "../sfu/random.ts";
import type { SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import type { DuplicateIdentity } from "../signaling/duplicate_identity.ts";
import type { Grants } from "../signaling/grants.ts";
import { type HttpOpenResult, HttpSession, type HttpSessionObserver } from "../signaling/http_session.ts";
import type { JoinTrace } from "../signaling/join_trace.ts";
import type { ErrorCode } from "../signaling/messages.ts";
import type { LeaveReason, Participant } from "../signaling/participant.ts";
import { Admission } from "../signaling/admission.ts";
import type { Limits } from "../signaling/limits.ts";
import { limitRefusals } from "../signaling/refusals.ts";
import { Resumption } from "../signaling/resumption.ts";
import { Rooms } from "../signaling/room.ts";
import { type SessionObserver, SignalingSession, type SignalingSessionOptions } from "../signaling/session.ts";
import { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import type { Backend } from "./backend.ts";
import type { Clock } from "./clock.ts";
import { type Figures, FigureSource } from "./figures.ts";
import type { HttpOpenRequest } from "./http_open_request.ts";
import { TICK_MS } from "./media_host.ts";
import { mediaOpener, type MediaPlace } from "./open_media.ts";
import type { Stats } from "./stats.ts";

/** Time for the last datagrams and WebSocket frames to leave before sockets close. */
const LINGER_MS = 100;

export interface SwitchboardOptions extends MediaPlace {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Lower-case MIME types that rooms allow. */
  readonly codecs: readonly string[];
  /** STUN and TURN servers that a peer is told of over its WebSocket. */
  readonly iceServers: SignalingSessionOptions["iceServers"];
  readonly limits: Limits;
  /** What becomes of peers of one identity in one room. Default: they are all there. */
  readonly duplicateIdentity?: DuplicateIdentity | undefined;
}

/** The signaling of one peer, of whatever kind: it is told where the server failed in what it caused. */
interface Failing {
  fail(): void;
}

const roomLog = getLogger(["switchboard", "room"]);
const iceLog = getLogger(["switchboard", "ice"]);
const dtlsLog = getLogger(["switchboard", "dtls"]);
const signalingLog = getLogger(["switchboard", "signaling"]);

/** The server without HTTP: gives peers their sockets and their time, and keeps one peer's fault from the others. */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #openMedia: OpenPeerMedia;
  readonly #figures: FigureSource;
  readonly #rooms = new Rooms();
  readonly #handshakes = new HandshakeLimit();
  readonly #admission: Admission;
  readonly #resumption: Resumption;
  readonly #sessions = new Set<SignalingSession>();
  readonly #httpSessions = new Map<string, HttpSession>();
  readonly #participants = new Map<Participant, Failing>();
  /** Those that may have deadlines: while their handshake is under way, and when they say so. */
  readonly #timed = new Map<Participant, Failing>();
  #timer: number | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    this.#openMedia = mediaOpener(options);
    this.#admission = new Admission(this.#rooms, options.limits);
    this.#figures = new FigureSource(options.clock, options.backend.media);
    this.#resumption = new Resumption(options.random);
  }

  get stats(): Stats {
    const peers = [...this.#rooms].flatMap((room) => [...room.peers.values()]);
    const sum = (count: (peer: (typeof peers)[number]) => number) => peers.reduce((total, p) => total + count(p), 0);
    return {
      rooms: this.#rooms.size,
      peers: peers.length,
      producers: sum((peer) => peer.producers.size),
      consumers: sum((peer) => peer.consumers.size),
      ssrcs: this.#options.backend.media.ssrcCount,
      sessions: this.#sessions.size + this.#httpSessions.size,
      sockets: this.#options.backend.media.socketCount,
      connections: this.#options.backend.media.connectionCount,
      timers: this.#timer === undefined ? 0 : 1,
      refusals: limitRefusals(this.#refusals),
    };
  }

  /** Why another peer cannot be taken at present; undefined where it can. */
  get obstacle(): string | undefined {
    if (this.#closed) return "the server is shutting down";
    return this.#options.backend.media.obstacle(this.#options.hostname);
  }

  /** What was counted since the start. Nobody is waited for longer than GATHER_MS. */
  async gather(): Promise<Figures> {
    const { admissions, ...rest } = await this.#figures.gather();
    return { ...rest, admissions: { ...admissions, refusals: this.#refusals } };
  }

  /** Counts what was refused before anyone here heard of it, by its code. */
  countRefusal(code: string): void {
    this.#figures.admissions.refused(code);
  }

  /**
   * Takes a WebSocket of a client with this IP address: the returned endpoint is to be told of its messages and its end.
   * `grants` is what its token allows, undefined where no tokens are asked for; `trace` is told of the steps of its join.
   */
  connect(connection: SignalingConnection, address: string, grants?: Grants, trace?: JoinTrace): SignalingEndpoint {
    const { random, codecs, iceServers, limits, duplicateIdentity, backend: { dtls } } = this.#options;
    const session: SignalingSession = new SignalingSession({
      connection,
      address,
      admission: this.#admission,
      limits,
      rooms: this.#rooms,
      resumption: this.#resumption,
      openMedia: this.#openMedia,
      dtls,
      handshakes: this.#handshakes,
      random,
      codecs,
      iceServers,
      grants,
      duplicateIdentity,
      trace,
      observer: this.#sessionObserver(() => session),
      nowMs: this.#now(),
    });
    this.#sessions.add(session);
    if (this.#closed) session.shutDown();
    return {
      handleMessage: (data) => this.#guard(session, () => session.handleMessage(data, this.#now())),
      handleClose: (code) => {
        this.#sessions.delete(session);
        this.#guard(session, () => session.handleClose(code));
      },
      handleDismissal: (code) => session.handleDismissal(code),
    };
  }

  /** Makes the peer that a WHIP or WHEP client's offer asks for. A fault of the server is thrown, and leaves nothing. */
  openHttpSession(request: HttpOpenRequest): HttpOpenResult {
    const result = this.#openHttpSession(request);
    if (result.ok) return result;
    this.#figures.admissions.joinRefused();
    request.trace?.ended("refused", result.code);
    return result;
  }

  #openHttpSession(request: HttpOpenRequest): HttpOpenResult {
    if (this.#closed) return { ok: false, code: "server-closing", message: "the server is shutting down" };
    const { random, codecs, limits, duplicateIdentity, backend: { dtls } } = this.#options;
    const { sdp, ...asked } = request;
    try {
      return HttpSession.open({
        ...asked,
        admission: this.#admission,
        limits,
        nowMs: this.#now(),
        rooms: this.#rooms,
        openMedia: this.#openMedia,
        dtls,
        handshakes: this.#handshakes,
        random,
        codecs,
        duplicateIdentity,
        observer: this.#httpObserver,
      }, sdp);
    } finally {
      this.#options.backend.media.flush();
    }
  }

  /** The WHIP or WHEP session with this id; undefined where there is none any more. */
  httpSession(id: string): HttpSession | undefined {
    return this.#httpSessions.get(id);
  }

  /** Runs what a request does to a session. A fault closes that session only, and is thrown. */
  actOnHttpSession<T>(session: HttpSession, action: () => T): T {
    try {
      return action();
    } catch (error) {
      this.#fault(session, error);
      throw error;
    } finally {
      this.#options.backend.media.flush();
    }
  }

  /** Tells every client, ends every peer, and gives back all sockets and timers; once, however often it is called. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#figures.close();
    for (const session of [...this.#sessions]) this.#guard(session, () => session.shutDown());
    for (const [participant, session] of this.#participants) {
      this.#guard(session, () => participant.leave("server-closing"));
    }
    await new Promise<void>((resolve) => this.#options.clock.setTimeout(resolve, LINGER_MS));
    await this.#options.backend.close();
  }

  #now(): number {
    return this.#options.clock.now();
  }

  /** Runs what one peer caused. A fault closes that peer only (rule P7). */
  #guard(session: Failing, action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fault(session, error);
    }
    this.#options.backend.media.flush();
  }

  #fault(session: Failing, error: unknown): void {
    roomLog.error("a peer is closed by a fault of the server: {error}", { error });
    try {
      session.fail();
    } catch (again) {
      roomLog.error("and it could not end in order: {error}", { error: again });
    }
  }

  #sessionObserver(session: () => SignalingSession): SessionObserver {
    return {
      joined: (participant) => this.#joined(participant, session()),
      resumed: (participant) => this.#resumed(participant, session()),
      left: (participant, reason, detail) => this.#left(participant, reason, detail),
      connected: (participant) => this.#connected(participant),
      timeWanted: (participant) => this.#timeWanted(participant, session()),
      failed: (participant, detail) => this.#failed(participant, detail),
      refused: (code, message) => this.#refused(code, message),
      joinRefused: () => this.#figures.admissions.joinRefused(),
    };
  }

  /** By code. A handshake too many is refused without a word to its client. */
  get #refusals(): Readonly<Record<string, number>> {
    const { refusals } = this.#figures.admissions.figures;
    const { refused } = this.#handshakes;
    return refused === 0 ? refusals : { ...refusals, "too-many-handshakes": refused };
  }

  #refused(code: ErrorCode, message: string): void {
    signalingLog.debug("{code}: {message}", { code, message });
    this.#figures.admissions.refused(code);
  }

  readonly #httpObserver: HttpSessionObserver = {
    joined: (session) => {
      this.#httpSessions.set(session.id, session);
      this.#joined(session.participant, session);
    },
    left: (session, reason, detail) => {
      this.#httpSessions.delete(session.id);
      // Who asked for the session is told so, and it is counted there.
      if (reason === "refused") this.#figures.admissions.forget(session.participant);
      this.#left(session.participant, reason, detail);
    },
    connected: (session) => this.#connected(session.participant),
    failed: (session, detail) => this.#failed(session.participant, detail),
    refused: ({ participant }, code) => {
      this.#figures.admissions.refused(code);
      signalingLog.debug("{code}: peer {peer} in room {room}", { code, ...describe(participant) });
    },
  };

  #joined(participant: Participant, session: Failing): void {
    this.#participants.set(participant, session);
    this.#timed.set(participant, session);
    this.#figures.admissions.joined(participant, this.#now());
    this.#startTimer();
    roomLog.info("peer {peer} joined room {room}", describe(participant));
  }

  /** Its time and its faults are the new session's, in the order in which the peers came. */
  #resumed(participant: Participant, session: Failing): void {
    this.#participants.set(participant, session);
    if (this.#timed.has(participant)) this.#timed.set(participant, session);
    roomLog.info("peer {peer} resumed in room {room}", describe(participant));
  }

  #left(participant: Participant, reason: LeaveReason, detail: string): void {
    this.#participants.delete(participant);
    this.#timed.delete(participant);
    this.#figures.admissions.left(participant, reason);
    if (!this.#needsTicks()) this.#stopTimer();
    roomLog.info("peer {peer} left room {room}: {reason} {detail}", { ...describe(participant), reason, detail });
  }

  #timeWanted(participant: Participant, session: Failing): void {
    this.#timed.set(participant, session);
    this.#startTimer();
  }

  #connected(participant: Participant): void {
    this.#figures.admissions.connected(participant, this.#now());
    if (participant.nextTimeout() === Infinity) this.#timed.delete(participant);
    const { hostname, port, transport = "udp" } = participant.remoteAddress ?? { hostname: "?", port: 0 };
    const address = { ...describe(participant), hostname, port, transport };
    iceLog.debug("media of peer {peer} goes to {hostname}:{port} by {transport}", address);
    dtlsLog.debug("peer {peer} is authenticated", describe(participant));
  }

  #failed(participant: Participant, detail: string): void {
    roomLog.error("peer {peer} is closed by a fault of the server: {detail}", { ...describe(participant), detail });
  }

  #needsTicks(): boolean {
    return this.#timed.size > 0 || this.#options.backend.media.needsTicks;
  }

  #startTimer(): void {
    this.#timer ??= this.#options.clock.setTimeout(() => this.#tick(), TICK_MS);
  }

  #stopTimer(): void {
    if (this.#timer !== undefined) this.#options.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    this.#timer = undefined;
    const nowMs = this.#now();
    for (const [participant, session] of this.#timed) {
      if (participant.nextTimeout() <= nowMs) this.#guard(session, () => participant.handleTimeout(nowMs));
      if (participant.connection.connected && participant.nextTimeout() === Infinity) this.#timed.delete(participant);
    }
    this.#options.backend.media.handleTimeout(nowMs);
    if (this.#needsTicks()) this.#startTimer();
  }
}

function describe(participant: Participant): { peer: string; room: string } {
  return { peer: participant.peer.id, room: participant.room.id };
}
