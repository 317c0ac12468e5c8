import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { DtlsConnected } from "../../webrtc/dtls.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import {
  CERTIFICATE,
  CERTIFICATE_VERIFY,
  CLIENT_HELLO,
  CLIENT_KEY_EXCHANGE,
  FINISHED,
  type HandshakeFragment,
  type HandshakeMessage,
  HELLO_VERIFY_REQUEST,
  MessageReassembler,
  writeMessage,
} from "../dtls/message.ts";
import { OrderedMessages } from "../dtls/ordered_messages.ts";
import { DECRYPT_ERROR, DTLS_1_2, HANDSHAKE_FAILURE, PROTECTED_EPOCH } from "../dtls/record.ts";
import { provesCertificate, provesTranscript, verifyData } from "./dtls_proof.ts";
import { ProtectedRecords } from "../dtls/protected_records.ts";
import { WeriftHandshake } from "./dtls_werift.ts";

/** The message_seq of the client's messages (RFC 6347 section 4.2). */
const FIRST_HELLO = 0;
const COOKIE_HELLO = 1;
const FIRST_OF_ANSWER = 2;
/** What the client answers our flight with. */
const ANSWER = [CERTIFICATE, CLIENT_KEY_EXCHANGE, CERTIFICATE_VERIFY, FINISHED];

/** After HelloVerifyRequest, ServerHello, Certificate, ServerKeyExchange, CertificateRequest and ServerHelloDone. */
const SERVER_FINISHED = 6;

const COOKIE_LENGTH = 20;

/** What the session has to do after a message. */
export type HandshakeStep =
  | { readonly kind: "nothing" }
  /** Send the fragments, one record each; `repeat` until the client answers. */
  | { readonly kind: "send"; readonly flight: readonly Buffer[]; readonly repeat: boolean }
  /** The client has answered the flight. */
  | { readonly kind: "answered" }
  | { readonly kind: "refused"; readonly reason: string; readonly alert: number }
  | { readonly kind: "complete" } & CompleteHandshake;

export interface CompleteHandshake {
  readonly connected: DtlsConnected;
  readonly protection: ProtectedRecords;
  /** Our Finished message. */
  readonly finished: Buffer;
}

const NOTHING: HandshakeStep = { kind: "nothing" };
const ANSWERED: HandshakeStep = { kind: "answered" };

/**
 * The server's side of one full handshake (RFC 6347 section 4.2.4): takes each message of the client once and in order,
 * and refuses a client that does not prove its certificate. Nothing here throws.
 */
export class ServerHandshake {
  readonly #certificate: DtlsCertificate;
  readonly #cookie = randomBytes(COOKIE_LENGTH);
  readonly #hello = new MessageReassembler();
  readonly #answer = new OrderedMessages(ANSWER, FIRST_OF_ANSWER);
  #begun = false;
  #werift: WeriftHandshake | undefined;
  #protection: ProtectedRecords | undefined;

  constructor(certificate: DtlsCertificate) {
    this.#certificate = certificate;
  }

  /** Whether a client has shown itself, so that its alerts mean something. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Set once the keys are agreed. */
  get protection(): ProtectedRecords | undefined {
    return this.#protection;
  }

  /** Our flight is repeated; see OrderedMessages. */
  dropWaiting(): void {
    this.#answer.dropWaiting();
  }

  /** Wipes what it knows: for a handshake that is given up. */
  close(): void {
    this.#werift?.wipe();
    this.#protection?.close();
  }

  /** Takes a fragment that came in a record of `epoch`. */
  handleFragment(fragment: HandshakeFragment, epoch: number): HandshakeStep {
    const { type } = fragment;
    if (epoch !== (type === FINISHED ? PROTECTED_EPOCH : 0)) return NOTHING;
    if (this.#werift !== undefined) return this.#handleAnswer(this.#werift, fragment);
    if (type !== CLIENT_HELLO || !this.#expectsHello(fragment.sequence)) return NOTHING;
    const hello = this.#hello.take(fragment);
    return hello === undefined ? NOTHING : this.#handleHello(hello);
  }

  /** The first one may be repeated until the one with our cookie comes. */
  #expectsHello(sequence: number): boolean {
    return sequence === FIRST_HELLO || (sequence === COOKIE_HELLO && this.#begun);
  }

  /** Takes the messages whose turn it is now; what they ask for is one step, of which the last that is one counts. */
  #handleAnswer(werift: WeriftHandshake, fragment: HandshakeFragment): HandshakeStep {
    let result = NOTHING;
    for (const message of this.#answer.take(fragment)) {
      const step = this.#handleMessage(werift, message);
      if (step.kind === "refused") return step;
      if (step.kind !== "nothing") result = step;
    }
    return result;
  }

  #handleMessage(werift: WeriftHandshake, message: HandshakeMessage): HandshakeStep {
    switch (message.type) {
      case CERTIFICATE:
        return this.#handleCertificate(werift, message);
      case CLIENT_KEY_EXCHANGE:
        return this.#handleKeyExchange(werift, message);
      case CERTIFICATE_VERIFY:
        return this.#handleCertificateVerify(werift, message);
      default:
        return this.#handleFinished(werift, message);
    }
  }

  /**
   * A hello without our cookie costs a small answer and no state. The one that repeats the cookie comes from who reads
   * what we send: it alone is negotiated, and refused where that fails.
   */
  #handleHello(message: HandshakeMessage): HandshakeStep {
    const hello = readHello(message.body);
    if (hello === undefined) return NOTHING;
    if (message.sequence === FIRST_HELLO) {
      this.#begun = true;
      return { kind: "send", flight: [helloVerifyRequest(this.#cookie)], repeat: false };
    }
    return hello.cookie.equals(this.#cookie) ? this.#negotiate(message, hello.withoutCookie) : NOTHING;
  }

  #negotiate(message: HandshakeMessage, withoutCookie: Buffer): HandshakeStep {
    const werift = new WeriftHandshake(this.#certificate, this.#cookie);
    // werift negotiates when it sees a hello without a cookie. Its HelloVerifyRequest is not needed any more.
    werift.handleMessage({ type: CLIENT_HELLO, sequence: FIRST_HELLO, body: withoutCookie });
    const flight = werift.handleMessage(message);
    this.#werift = werift;
    if (flight.length === 0 || werift.profile === undefined) {
      return refused("no common cipher suite, curve or SRTP profile", HANDSHAKE_FAILURE);
    }
    if (!werift.extendedMasterSecret) return refused("no extended master secret", HANDSHAKE_FAILURE);
    return { kind: "send", flight, repeat: true };
  }

  #handleCertificate(werift: WeriftHandshake, message: HandshakeMessage): HandshakeStep {
    werift.handleMessage(message);
    const { remoteCertificate } = werift;
    if (remoteCertificate === undefined || remoteCertificate.length === 0) {
      return refused("no certificate from the client", HANDSHAKE_FAILURE);
    }
    return ANSWERED;
  }

  #handleKeyExchange(werift: WeriftHandshake, message: HandshakeMessage): HandshakeStep {
    werift.handleMessage(message);
    const cipher = werift.createCipher();
    if (cipher === undefined) return refused("key exchange failed", HANDSHAKE_FAILURE);
    this.#protection = new ProtectedRecords(cipher);
    return NOTHING;
  }

  #handleCertificateVerify(werift: WeriftHandshake, message: HandshakeMessage): HandshakeStep {
    const { remoteCertificate } = werift;
    const proven = remoteCertificate !== undefined &&
      provesCertificate(remoteCertificate, message.body, werift.transcript());
    if (!proven) return refused("certificate not proven", DECRYPT_ERROR);
    werift.handleMessage(message);
    return NOTHING;
  }

  #handleFinished(werift: WeriftHandshake, message: HandshakeMessage): HandshakeStep {
    const { masterSecret, profile, remoteCertificate } = werift;
    const protection = this.#protection;
    if (!masterSecret || !profile || !remoteCertificate || !protection) return NOTHING;
    const transcript = werift.transcript();
    if (!provesTranscript(masterSecret, message.body, transcript)) return refused("handshake altered", DECRYPT_ERROR);
    const body = verifyData(masterSecret, "server finished", Buffer.concat([transcript, writeMessage(message)]));
    const finished = writeMessage({ type: FINISHED, sequence: SERVER_FINISHED, body });
    const connected = {
      profile,
      ...werift.srtpKeys(profile),
      remoteCertificate: Uint8Array.from(remoteCertificate),
    };
    werift.wipe();
    return { kind: "complete", connected, protection, finished };
  }
}

/** Whether a fragment of epoch 1 is of the client's Finished message. */
export function isClientFinished({ type, sequence }: HandshakeFragment): boolean {
  return type === FINISHED && sequence === FIRST_OF_ANSWER + ANSWER.indexOf(FINISHED);
}

function refused(reason: string, alert: number): HandshakeStep {
  return { kind: "refused", reason, alert };
}

/** RFC 6347 section 4.2.1. */
function helloVerifyRequest(cookie: Buffer): Buffer {
  const body = Buffer.concat([Buffer.of(DTLS_1_2 >>> 8, DTLS_1_2 & 0xff, cookie.length), cookie]);
  return writeMessage({ type: HELLO_VERIFY_REQUEST, sequence: 0, body });
}

/** Bytes of a ClientHello's version and random. */
const HELLO_START = 34;

/** The cookie of a ClientHello of DTLS 1.2, and the same message with an empty one (RFC 6347 section 4.2.1). */
function readHello(body: Buffer): { cookie: Buffer; withoutCookie: Buffer } | undefined {
  if (body.length <= HELLO_START || body.readUInt16BE(0) !== DTLS_1_2) return undefined;
  const lengthAt = HELLO_START + 1 + body[HELLO_START];
  if (lengthAt >= body.length) return undefined;
  const end = lengthAt + 1 + body[lengthAt];
  if (end > body.length) return undefined;
  const withoutCookie = Buffer.concat([body.subarray(0, lengthAt), Buffer.of(0), body.subarray(end)]);
  return { cookie: body.subarray(lengthAt + 1, end), withoutCookie };
}
