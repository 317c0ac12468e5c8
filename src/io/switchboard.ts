import { getLogger } from "@logtape/logtape";
import type { OpenPeerMedia } from "../media/messages.ts";
import type { SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import type { Grants } from "../signaling/grants.ts";
import { type HttpOpenResult, HttpSession, type HttpSessionObserver } from "../signaling/http_session.ts";
import type { JoinTrace } from "../signaling/join_trace.ts";
import type { ErrorCode } from "../signaling/messages.ts";
import type { LeaveReason, Participant } from "../signaling/participant.ts";
import { Admission, type RoomRefusal } from "../signaling/admission.ts";
import { Resumption } from "../signaling/resumption.ts";
import { RoomEvents } from "../signaling/room_events.ts";
import { Rooms } from "../signaling/room.ts";
import { type SessionObserver, SignalingSession } from "../signaling/session.ts";
import { HandshakeLimit } from "../webrtc/handshake_limit.ts";
import { Administration } from "./administration.ts";
import { Captures } from "./captures.ts";
import { Drain } from "./drain.ts";
import { EventFeed } from "./event_feed.ts";
import { Expulsions } from "./expulsions.ts";
import { type Figures, FigureSource } from "./figures.ts";
import type { HttpOpenRequest } from "./http_open_request.ts";
import { mediaOpener } from "./open_media.ts";
import { type Failing, PeerDeadlines } from "./peer_deadlines.ts";
import { describe, logConnected, logFailed, logJoined, logLeft, logMediaLost, logResumed } from "./peer_log.ts";
import { SharedRooms } from "./shared_rooms.ts";
import { countStats, type Stats } from "./stats.ts";
import type { SwitchboardOptions } from "./switchboard_options.ts";

/** Time for the last datagrams and WebSocket frames to leave before sockets close. */
const LINGER_MS = 100;

const roomLog = getLogger(["switchboard", "room"]);
const signalingLog = getLogger(["switchboard", "signaling"]);

/** The server without HTTP: gives peers their sockets and their time, and keeps one peer's fault from the others. */
export class Switchboard {
  readonly #options: SwitchboardOptions;
  readonly #openMedia: OpenPeerMedia;
  readonly #figures: FigureSource;
  readonly #shared: SharedRooms | undefined;
  /** What happens in the rooms. */
  readonly events = new EventFeed();
  readonly #roomEvents = new RoomEvents((event) => this.events.tell(event));
  readonly #rooms: Rooms;
  readonly #handshakes = new HandshakeLimit();
  readonly #admission: Admission;
  readonly #drain: Drain;
  readonly expulsions: Expulsions;
  readonly administration: Administration;
  readonly #resumption: Resumption;
  readonly #sessions = new Set<SignalingSession>();
  readonly #httpSessions = new Map<string, HttpSession>();
  readonly #participants = new Map<Participant, Failing>();
  readonly #deadlines: PeerDeadlines;
  #closed = false;
  #closing: Promise<void> | undefined;

  constructor(options: SwitchboardOptions) {
    this.#options = options;
    const { sharing, clock, random } = options;
    const captures = new Captures(clock);
    this.#openMedia = mediaOpener(options, captures);
    const shared = this.#shared = sharing &&
      new SharedRooms({
        bus: sharing.rooms,
        clock,
        random,
        relay: (command) => sharing.media.relay(command),
        changed: () => this.#flush(),
      });
    this.#rooms = new Rooms((room) => this.#roomEvents.link(shared?.link(room)));
    const { others } = sharing ?? {};
    this.expulsions = new Expulsions({
      participants: () => this.#participants.keys(),
      end: (participant) => this.#leave(participant, "kicked"),
      others,
      unixSeconds: options.unixSeconds,
    });
    this.administration = new Administration({
      rooms: this.#rooms,
      participants: () => this.#participants.keys(),
      leadsTo: (grants, roomId) => this.#admission.refuseRoom(grants, roomId) === undefined,
      nodeName: (node) => sharing?.nodeName?.(node),
      act: (participant, action) => this.#act(participant, action),
      tellOthers: (news) => others?.tellNews(news) ?? false,
      captures,
    });
    this.#admission = new Admission(this.#rooms, options.limits, (...asked) => this.expulsions.isRevoked(...asked));
    this.#drain = new Drain(clock);
    this.#deadlines = new PeerDeadlines({
      clock,
      guard: (session, action) => this.#guard(session, action),
      others: [...(shared === undefined ? [] : [shared]), options.backend.media],
    });
    this.#figures = new FigureSource(options.clock, options.backend.media);
    this.#resumption = new Resumption(options.random, others && ((...token) => others.tellSuperseded(...token)));
  }

  get stats(): Stats {
    return countStats({
      rooms: [...this.#rooms],
      media: this.#options.backend.media,
      sessions: this.#sessions.size + this.#httpSessions.size,
      timers: this.#deadlines.isRunning ? 1 : 0,
      refusals: this.#refusals,
    });
  }

  /** Why another peer cannot be taken at present; undefined where it can. */
  get obstacle(): string | undefined {
    if (this.#closed) return "the server is shutting down";
    if (this.isDraining) return "the server ends soon, and takes no new peers";
    return this.#options.backend.media.obstacle(this.#options.hostname);
  }

  get isDraining(): boolean {
    return this.#drain.hasBegun;
  }

  /** Whole seconds until a drain is over. */
  get drainSecondsLeft(): number {
    return this.#drain.secondsLeft;
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
      isShared: this.#shared !== undefined,
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
      this.#flush();
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
      this.#flush();
    }
  }

  /** The client of a peer here goes on at another node, as its token proves that came to nothing there (P119). */
  endSuperseded(roomId: string, token: string, identity: string | undefined): void {
    const participant = this.#resumption.find(roomId, token, identity);
    if (participant !== undefined) this.#leave(participant, "signaling-lost", "its client goes on at another server");
  }

  /** Why the grants of a token do not lead into a room; undefined where they do. */
  refuseRoom(grants: Grants, roomId: string): RoomRefusal | undefined {
    return this.#admission.refuseRoom(grants, roomId);
  }

  /** Refuses new peers, and asks clients of WebSockets to go elsewhere. Resolves when none is left, or after so many seconds. */
  drain(seconds: number): Promise<void> {
    this.#admission.close();
    const over = this.#drain.begin(seconds, this.#participants.size);
    for (const session of this.#sessions) this.#guard(session, () => session.tellDraining(this.#drain.secondsLeft));
    return over;
  }

  /** Tells every client, ends every peer, and gives back all sockets and timers; once, however often it is called. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    this.#drain.end();
    this.#figures.close();
    for (const session of [...this.#sessions]) this.#guard(session, () => session.shutDown());
    for (const participant of [...this.#participants.keys()]) this.#leave(participant, "server-closing");
    await new Promise<void>((resolve) => this.#options.clock.setTimeout(resolve, LINGER_MS));
    this.#shared?.close();
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
    this.#flush();
  }

  #leave(participant: Participant, reason: LeaveReason, detail?: string): void {
    this.#act(participant, () => participant.leave(reason, detail));
  }

  #act(participant: Participant, action: () => void): void {
    const session = this.#participants.get(participant);
    if (session !== undefined) this.#guard(session, action);
  }

  /** What was told to other nodes, and to media, goes there. */
  #flush(): void {
    this.#shared?.flush();
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
      timeWanted: (participant) => this.#deadlines.watch(participant, session()),
      failed: logFailed,
      mediaLost: logMediaLost,
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
    failed: (session, detail) => logFailed(session.participant, detail),
    refused: ({ participant }, code) => {
      this.#figures.admissions.refused(code);
      signalingLog.debug("{code}: peer {peer} in room {room}", { code, ...describe(participant) });
    },
  };

  #joined(participant: Participant, session: Failing): void {
    this.#participants.set(participant, session);
    this.#deadlines.watch(participant, session);
    this.#figures.admissions.joined(participant, this.#now());
    logJoined(participant);
    this.#roomEvents.joined(participant.room.id, participant.peer);
  }

  /** Its time and its faults are the new session's, in the order in which the peers came. */
  #resumed(participant: Participant, session: SignalingSession): void {
    this.#participants.set(participant, session);
    this.#deadlines.handOver(participant, session);
    if (this.isDraining) session.tellDraining(this.#drain.secondsLeft);
    logResumed(participant);
  }

  #left(participant: Participant, reason: LeaveReason, detail: string): void {
    this.#participants.delete(participant);
    this.#deadlines.forget(participant);
    this.#figures.admissions.left(participant, reason);
    logLeft(participant, reason, detail);
    this.#roomEvents.left(participant.peer.id, reason);
    this.#drain.handlePeers(this.#participants.size);
  }

  #connected(participant: Participant): void {
    this.#figures.admissions.connected(participant, this.#now());
    this.#deadlines.handleConnected(participant);
    logConnected(participant);
    this.#roomEvents.connected(participant.peer.id);
  }
}
