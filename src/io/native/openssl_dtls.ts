import { Buffer } from "node:buffer";
import { type DtlsFactory, type DtlsSession, type DtlsSink, wipeKeying } from "../../webrtc/dtls.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { createGcmRecords } from "../dtls/gcm_records.ts";
import { HandshakeTimer } from "../dtls/handshake_timer.ts";
import {
  CERTIFICATE,
  CERTIFICATE_VERIFY,
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  FINISHED,
  type HandshakeMessage,
  readFragments,
  writeMessage,
} from "../dtls/message.ts";
import { OrderedMessages } from "../dtls/ordered_messages.ts";
import { ProtectedRecords } from "../dtls/protected_records.ts";
import {
  ALERT,
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  CLOSE_NOTIFY,
  DTLS_1_2,
  type DtlsRecord,
  FATAL,
  GCM_OVERHEAD,
  HANDSHAKE,
  HANDSHAKE_FAILURE,
  MAX_DATAGRAM,
  packRecords,
  PROTECTED_EPOCH,
  readRecords,
  WARNING,
  writeRecord,
} from "../dtls/record.ts";
import { OpenSslConnection } from "./openssl_dtls_connection.ts";
import type { OpenSslContext } from "./openssl_dtls_context.ts";

/** What the client sends in the clear, in its order. Finished comes behind it, encrypted. */
const CLIENT_MESSAGES = [CLIENT_HELLO, CERTIFICATE, CLIENT_KEY_EXCHANGE, CERTIFICATE_VERIFY];

/** A record to send. One of epoch 0 gets its number when it leaves. */
type OutgoingRecord = Pick<DtlsRecord, "type" | "epoch" | "sequenceNumber" | "fragment">;

const CLOSE = Buffer.of(WARNING, CLOSE_NOTIFY);
const REFUSAL: OutgoingRecord = {
  type: ALERT,
  epoch: 0,
  sequenceNumber: 0,
  fragment: Buffer.of(FATAL, HANDSHAKE_FAILURE),
};

/** DTLS by OpenSSL. `certificate` is the one of the context. */
export function createOpenSslDtls(context: OpenSslContext, { fingerprint }: DtlsCertificate): DtlsFactory {
  return { fingerprint, create: (sink, nowMs) => new OpenSslDtlsSession(context, sink, new HandshakeTimer(nowMs)) };
}

type State =
  /** OpenSSL has nothing to do with it before there is a whole ClientHello. */
  | { readonly name: "waiting" }
  | { readonly name: "handshaking"; readonly connection: OpenSslConnection }
  | {
    readonly name: "connected";
    readonly records: ProtectedRecords;
    /** The record with the client's Finished, and the flight that answers it. */
    readonly finished: Buffer;
    readonly lastFlight: readonly OutgoingRecord[];
  }
  /** The connection is freed, its last record is on its way. */
  | { readonly name: "ending" }
  | { readonly name: "closed" };

type ConnectedState = State & { readonly name: "connected" };

const WAITING: State = { name: "waiting" };
const ENDING: State = { name: "ending" };
const CLOSED: State = { name: "closed" };

/**
 * OpenSSL negotiates; order, time, and the records after the handshake are ours. It sees what no network has touched: whole messages in their
 * order, each once, in records with numbers of ours, and ChangeCipherSpec in its place. So it has nothing to reassemble
 * and nothing to repeat. What it says in the clear is kept, and sent again under new numbers; epoch 0 authenticates none.
 * The last flight is sent again byte for byte, which a client takes as it would a duplicate of the network's.
 */
class OpenSslDtlsSession implements DtlsSession {
  readonly #context: OpenSslContext;
  readonly #sink: DtlsSink;
  readonly #timer: HandshakeTimer;
  /** Let go of once connected, as is the flight: a session lasts for hours, its handshake for a moment. */
  #messages: OrderedMessages | undefined = new OrderedMessages(CLIENT_MESSAGES);
  #state: State = WAITING;
  /** The flight that is repeated until the client answers it. */
  #flight: readonly OutgoingRecord[] = [];
  /** The newest encrypted record that came before the messages without which it cannot be read. */
  #early: Buffer | undefined;
  /** The next sequence numbers of epoch 0: of what OpenSSL gets, and of what the client gets. */
  #nextIn = 0;
  #nextOut = 0;

  constructor(context: OpenSslContext, sink: DtlsSink, timer: HandshakeTimer) {
    this.#context = context;
    this.#sink = sink;
    this.#timer = timer;
  }

  handleDatagram(bytes: Uint8Array, nowMs: number): void {
    if (this.#state.name === "closed") return;
    for (const record of readRecords(bytes) ?? []) {
      if (record.epoch === 0) this.#handlePlain(record, nowMs);
      else if (record.epoch === PROTECTED_EPOCH && record.version === DTLS_1_2) this.#handleProtected(record);
    }
  }

  handleTimeout(nowMs: number): void {
    if (this.nextTimeout() === Infinity) return;
    switch (this.#timer.handleTimeout(nowMs)) {
      case "deadline":
        return this.#end("handshake timed out");
      case "repeat":
        this.#messages?.dropWaiting();
        this.#early = undefined;
        return this.#send(this.#flight);
    }
  }

  nextTimeout(): number {
    return this.#isShakingHands() ? this.#timer.next : Infinity;
  }

  close(): void {
    const state = this.#state;
    this.#state = CLOSED;
    if (state.name === "handshaking") state.connection.free();
    if (state.name !== "connected") return;
    const last = state.records.seal(ALERT, CLOSE);
    state.records.close();
    this.#sink.sendDatagram(last);
  }

  #isShakingHands(): boolean {
    const { name } = this.#state;
    return name === "waiting" || name === "handshaking";
  }

  #handlePlain({ type, fragment }: DtlsRecord, nowMs: number): void {
    // ChangeCipherSpec is not waited for: the epoch of each record says which keys it is under.
    if (type === HANDSHAKE) this.#handleFragments(fragment, nowMs);
    if (type !== ALERT || this.#state.name !== "handshaking" || fragment.length !== 2) return;
    const [level, description] = fragment;
    // Anybody can forge it, but only a client that has begun has reason to send it.
    if (level === FATAL || description === CLOSE_NOTIFY) this.#end(`alert ${description} from the client`);
  }

  #handleFragments(record: Buffer, nowMs: number): void {
    for (const fragment of readFragments(record) ?? []) {
      if (!this.#isShakingHands()) return;
      for (const message of this.#messages?.take(fragment) ?? []) this.#handleMessage(message, nowMs);
    }
    this.#handleEarlyFinished();
  }

  /** One message may have ended what the next one would have gone on with. */
  #handleMessage(message: HandshakeMessage, nowMs: number): void {
    if (!this.#isShakingHands()) return;
    const connection = this.#connection();
    if (connection === undefined) return this.#end("OpenSSL has no memory for a connection");
    if (!this.#advance(connection, HANDSHAKE, writeMessage(message))) return;
    // What makes Finished readable. It is no message, and where it is lost nothing is: see `#handlePlain`.
    if (message.type === CERTIFICATE_VERIFY && !this.#advance(connection, CHANGE_CIPHER_SPEC, Buffer.of(1))) return;
    this.#flight = connection.takeOutput();
    if (this.#flight.length > 0) this.#timer.startRepeating(nowMs);
    else this.#timer.stopRepeating();
    this.#send(this.#flight);
  }

  /** The connection, made for the first message; undefined where none can be had. */
  #connection(): OpenSslConnection | undefined {
    if (this.#state.name === "handshaking") return this.#state.connection;
    const connection = OpenSslConnection.open(this.#context);
    if (connection !== undefined) this.#state = { name: "handshaking", connection };
    return connection;
  }

  /** Gives OpenSSL a record in the clear; false where that was the end. */
  #advance(connection: OpenSslConnection, type: number, fragment: Buffer): boolean {
    const progress = connection.handshake(writeRecord(type, 0, this.#nextIn++, fragment));
    if (progress === "failed") this.#end(connection.problem(), connection.takeOutput());
    return progress !== "failed";
  }

  #handleProtected(record: DtlsRecord): void {
    // OpenSSL drops what is not authentic, but takes what is too short to be so for a fault of its own, and ends.
    if (record.fragment.length < GCM_OVERHEAD) return;
    const { type, sequenceNumber, fragment } = record;
    const state = this.#state;
    if (state.name === "connected") return this.#handleConnected(state, record);
    if (state.name !== "handshaking" || type === APPLICATION_DATA) return;
    this.#early = writeRecord(type, PROTECTED_EPOCH, sequenceNumber, fragment);
    this.#handleEarlyFinished();
  }

  /** The Finished that came first is readable once the messages before it are there. */
  #handleEarlyFinished(): void {
    const [state, early] = [this.#state, this.#early];
    if (state.name !== "handshaking" || early === undefined || !this.#messages?.complete) return;
    this.#early = undefined;
    this.#handleFinished(state.connection, early);
  }

  #handleFinished(connection: OpenSslConnection, record: Buffer): void {
    const progress = connection.handshake(record);
    if (progress === "pending") return;
    const output = connection.takeOutput();
    if (progress === "failed") return this.#end(connection.problem(), output);
    const agreement = connection.agreement();
    if (typeof agreement === "string") return this.#end(agreement, [REFUSAL]);
    const records = protectionOf(connection, output);
    if (records === undefined) {
      wipeKeying(agreement);
      return this.#end("OpenSSL does not tell its keys", [REFUSAL]);
    }
    // A connection has 46 kB: what comes now is little, and ours.
    connection.free();
    const lastFlight = output.map((sent) => ({ ...sent, fragment: ownCopy(sent.fragment) }));
    const state = { name: "connected", records, finished: ownCopy(record), lastFlight } as const;
    this.#state = state;
    this.#messages = undefined;
    this.#flight = [];
    this.#send(output);
    if (this.#state === state) this.#sink.connected(agreement);
    else wipeKeying(agreement);
  }

  #handleConnected({ records, finished, lastFlight }: ConnectedState, record: DtlsRecord): void {
    const { type, sequenceNumber, fragment } = record;
    // Some clients repeat Finished under its old number. It asks for our last flight.
    if (writeRecord(type, PROTECTED_EPOCH, sequenceNumber, fragment).equals(finished)) return this.#send(lastFlight);
    const content = records.open(record);
    if (content === undefined || !records.accept(sequenceNumber)) return;
    if (type === APPLICATION_DATA) this.#sink.applicationData(content);
    else if (type === HANDSHAKE && isFinished(content)) this.#send(lastFlight);
    else if (type === ALERT && content.length === 2) this.#handleAlert(records, content);
  }

  #handleAlert(records: ProtectedRecords, [level, description]: Buffer): void {
    // A close_notify is answered with ours (RFC 5246 section 7.2.1).
    if (description === CLOSE_NOTIFY) this.#end("closed by peer", readRecords(records.seal(ALERT, CLOSE)));
    else if (level === FATAL) this.#end("closed by peer");
  }

  #end(reason: string, lastRecords: readonly OutgoingRecord[] = []): void {
    if (this.#state.name === "handshaking") this.#state.connection.free();
    if (this.#state.name === "connected") this.#state.records.close();
    this.#state = ENDING;
    this.#send(lastRecords);
    if (this.#state !== ENDING) return;
    this.#state = CLOSED;
    this.#sink.failed(reason);
  }

  /** What the sink does may close the session between two datagrams. */
  #send(records: readonly OutgoingRecord[]): void {
    for (const datagram of this.#pack(records)) {
      if (this.#state !== CLOSED) this.#sink.sendDatagram(datagram);
    }
  }

  #pack(records: readonly OutgoingRecord[]): Uint8Array[] {
    const numbered = records.map(({ type, epoch, sequenceNumber, fragment }) =>
      writeRecord(type, epoch, epoch === 0 ? this.#nextOut++ : sequenceNumber, fragment)
    );
    return packRecords(numbered, MAX_DATAGRAM);
  }
}

/** The protection of records behind those that OpenSSL has sent. */
function protectionOf(connection: OpenSslConnection, sent: readonly OutgoingRecord[]): ProtectedRecords | undefined {
  const secrets = connection.recordSecrets();
  const cipher = secrets && createGcmRecords(secrets);
  secrets?.masterSecret.fill(0);
  return cipher && new ProtectedRecords(cipher, sent.filter(({ epoch }) => epoch === PROTECTED_EPOCH).length);
}

function isFinished(content: Buffer): boolean {
  return readFragments(content)?.some(({ type }) => type === FINISHED) ?? false;
}

/** What keeps its own bytes alive and no others: short Buffers are parts of a pool. */
function ownCopy(bytes: Uint8Array): Buffer {
  const copy = new Uint8Array(bytes);
  return Buffer.from(copy.buffer);
}
