import { Buffer } from "node:buffer";
import { type DtlsFactory, type DtlsSession, type DtlsSink, wipeKeying } from "../../webrtc/dtls.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { HandshakeTimer } from "../dtls/handshake_timer.ts";
import { type HandshakeFragment, readFragments } from "../dtls/message.ts";
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  CLOSE_NOTIFY,
  type DtlsRecord,
  FATAL,
  HANDSHAKE,
  MAX_DATAGRAM,
  packRecords,
  PROTECTED_EPOCH,
  readRecords,
  WARNING,
  writeRecord,
} from "../dtls/record.ts";
import { type CompleteHandshake, type HandshakeStep, isClientFinished, ServerHandshake } from "./dtls_handshake.ts";
import type { ProtectedRecords } from "../dtls/protected_records.ts";

export interface PortableDtlsOptions {
  /** Until the server's flight is sent again for the first time; see HandshakeTimer. */
  readonly firstTimeoutMs?: number;
}

/** What was dropped, over all sessions of a factory. */
export interface DtlsCounters {
  /** Datagrams that are not DTLS records from end to end. */
  readonly malformedDatagrams: number;
  /** Records that are not authentic, not in their place, or do not parse. */
  readonly droppedRecords: number;
}

type Counts = { -readonly [name in keyof DtlsCounters]: number };

export interface PortableDtlsFactory extends DtlsFactory {
  readonly counters: DtlsCounters;
}

const CLOSE = Buffer.of(WARNING, CLOSE_NOTIFY);

/** DTLS without FFI: werift negotiates and agrees on keys, the rest is ours. Runs wherever `node:crypto` does. */
export function createPortableDtls(
  certificate: DtlsCertificate,
  { firstTimeoutMs }: PortableDtlsOptions = {},
): PortableDtlsFactory {
  const counters: Counts = { malformedDatagrams: 0, droppedRecords: 0 };
  return {
    fingerprint: certificate.fingerprint,
    counters,
    create: (sink, nowMs) =>
      new PortableDtlsSession(
        sink,
        new ServerHandshake(certificate),
        counters,
        new HandshakeTimer(nowMs, firstTimeoutMs),
      ),
  };
}

type State =
  | { readonly name: "handshaking"; readonly handshake: ServerHandshake }
  | { readonly name: "connected"; readonly protection: ProtectedRecords; readonly finished: Buffer }
  | { readonly name: "closed" };

const CLOSED: State = { name: "closed" };

class PortableDtlsSession implements DtlsSession {
  readonly #sink: DtlsSink;
  readonly #counters: Counts;
  readonly #timer: HandshakeTimer;
  #state: State;
  /** The flight that is repeated until the client answers it. */
  #flight: readonly Buffer[] = [];
  /** The newest encrypted record that came before there were keys for it. */
  #early: DtlsRecord | undefined;
  /** The next sequence number of epoch 0. A repeated record gets a new one (RFC 6347 section 4.2.4). */
  #nextPlain = 0;

  constructor(
    sink: DtlsSink,
    handshake: ServerHandshake,
    counters: Counts,
    timer: HandshakeTimer,
  ) {
    this.#sink = sink;
    this.#counters = counters;
    this.#timer = timer;
    this.#state = { name: "handshaking", handshake };
  }

  handleDatagram(bytes: Uint8Array, nowMs: number): void {
    if (this.#state.name === "closed") return;
    const records = readRecords(bytes);
    if (records === undefined) {
      this.#counters.malformedDatagrams++;
      return;
    }
    for (const record of records) {
      if (!this.#handleRecord(record, nowMs)) this.#counters.droppedRecords++;
      this.#handleEarly(nowMs);
    }
  }

  handleTimeout(nowMs: number): void {
    const state = this.#state;
    if (state.name !== "handshaking") return;
    switch (this.#timer.handleTimeout(nowMs)) {
      case "deadline":
        return this.#end("handshake timed out");
      case "repeat":
        state.handshake.dropWaiting();
        this.#early = undefined;
        return this.#sendFlight(this.#flight);
    }
  }

  nextTimeout(): number {
    return this.#state.name === "handshaking" ? this.#timer.next : Infinity;
  }

  close(): void {
    const state = this.#state;
    this.#state = CLOSED;
    if (state.name === "handshaking") state.handshake.close();
    if (state.name !== "connected") return;
    const last = state.protection.seal(ALERT, CLOSE);
    state.protection.close();
    this.#sink.sendDatagram(last);
  }

  /** False where the record is dropped. What the sink does may close the session between two records. */
  #handleRecord(record: DtlsRecord, nowMs: number): boolean {
    const state = this.#state;
    if (state.name === "closed") return false;
    if (record.epoch === 0) return state.name === "handshaking" && this.#handlePlain(record, state.handshake, nowMs);
    const protection = state.name === "connected" ? state.protection : state.handshake.protection;
    if (record.epoch !== PROTECTED_EPOCH) return false;
    if (protection === undefined) return this.#keepEarly(record);
    const content = protection.open(record);
    return content !== undefined && this.#handleProtected(record, content, protection, nowMs);
  }

  /** Finished may overtake the messages before it. The bytes of a datagram are its sender's again afterwards. */
  #keepEarly(record: DtlsRecord): boolean {
    this.#early = { ...record, fragment: Buffer.from(record.fragment) };
    return true;
  }

  #handleEarly(nowMs: number): void {
    const [state, early] = [this.#state, this.#early];
    if (early === undefined || (state.name === "handshaking" && state.handshake.protection === undefined)) return;
    this.#early = undefined;
    if (!this.#handleRecord(early, nowMs)) this.#counters.droppedRecords++;
  }

  #handlePlain({ type, fragment }: DtlsRecord, handshake: ServerHandshake, nowMs: number): boolean {
    switch (type) {
      case CHANGE_CIPHER_SPEC:
        // The epoch of each record says which keys it is under.
        return true;
      case HANDSHAKE:
        return this.#handleFragments(fragment, 0, nowMs);
      case ALERT:
        // Anybody can forge it, but only a client that has begun has reason to send it.
        return handshake.begun && this.#handleAlert(fragment);
      default:
        return false;
    }
  }

  #handleProtected(record: DtlsRecord, content: Buffer, protection: ProtectedRecords, nowMs: number): boolean {
    // Some clients repeat Finished under its old number. It is looked at again, as it asks for our last flight.
    if (record.type === HANDSHAKE) return this.#handleFragments(content, PROTECTED_EPOCH, nowMs);
    if (!protection.accept(record.sequenceNumber)) return false;
    if (record.type === ALERT) return this.#handleAlert(content);
    if (record.type !== APPLICATION_DATA || this.#state.name !== "connected") return false;
    this.#sink.applicationData(content);
    return true;
  }

  #handleFragments(content: Buffer, epoch: number, nowMs: number): boolean {
    const fragments = readFragments(content);
    if (fragments === undefined) return false;
    for (const fragment of fragments) this.#handleFragment(fragment, epoch, nowMs);
    return true;
  }

  #handleFragment(fragment: HandshakeFragment, epoch: number, nowMs: number): void {
    const state = this.#state;
    if (state.name === "handshaking") this.#take(state.handshake.handleFragment(fragment, epoch), nowMs);
    else if (state.name === "connected" && isClientFinished(fragment)) this.#sendFinished(state);
  }

  #take(step: HandshakeStep, nowMs: number): void {
    switch (step.kind) {
      case "send":
        this.#flight = step.flight;
        if (step.repeat) this.#timer.startRepeating(nowMs);
        return this.#sendFlight(step.flight);
      case "answered":
        this.#flight = [];
        this.#timer.stopRepeating();
        return;
      case "refused":
        return this.#end(step.reason, this.#plain(ALERT, Buffer.of(FATAL, step.alert)));
      case "complete":
        return this.#complete(step);
    }
  }

  #complete({ connected, protection, finished }: CompleteHandshake): void {
    const state = { name: "connected", protection, finished } as const;
    this.#state = state;
    this.#sendFinished(state);
    if (this.#state === state) this.#sink.connected(connected);
    else wipeKeying(connected);
  }

  #handleAlert(content: Buffer): boolean {
    if (content.length !== 2) return false;
    const [level, description] = content;
    if (level !== FATAL && description !== CLOSE_NOTIFY) return level === WARNING;
    const state = this.#state;
    if (state.name !== "connected") this.#end(`alert ${description} from the client`);
    else if (description !== CLOSE_NOTIFY) this.#end("closed by peer");
    // A close_notify is answered with ours (RFC 5246 section 7.2.1).
    else this.#end("closed by peer", state.protection.seal(ALERT, CLOSE));
    return true;
  }

  #end(reason: string, lastRecord?: Buffer): void {
    if (lastRecord !== undefined) this.#send([lastRecord]);
    const state = this.#state;
    if (state.name === "closed") return;
    this.#state = CLOSED;
    if (state.name === "handshaking") state.handshake.close();
    else state.protection.close();
    this.#sink.failed(reason);
  }

  #sendFlight(flight: readonly Buffer[]): void {
    this.#send(flight.map((fragment) => this.#plain(HANDSHAKE, fragment)));
  }

  #sendFinished({ protection, finished }: { protection: ProtectedRecords; finished: Buffer }): void {
    this.#send([this.#plain(CHANGE_CIPHER_SPEC, Buffer.of(1)), protection.seal(HANDSHAKE, finished)]);
  }

  #plain(type: number, fragment: Buffer): Buffer {
    return writeRecord(type, 0, this.#nextPlain++, fragment);
  }

  #send(records: readonly Buffer[]): void {
    for (const datagram of packRecords(records, MAX_DATAGRAM)) {
      if (this.#state.name !== "closed") this.#sink.sendDatagram(datagram);
    }
  }
}
