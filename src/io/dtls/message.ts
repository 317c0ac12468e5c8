import { Buffer } from "node:buffer";

/** Handshake types (RFC 5246 section 7.4, RFC 6347 section 4.3.2). */
export const CLIENT_HELLO = 1;
export const HELLO_VERIFY_REQUEST = 3;
export const CERTIFICATE = 11;
export const CERTIFICATE_VERIFY = 15;
export const CLIENT_KEY_EXCHANGE = 16;
export const FINISHED = 20;

/** Bytes of a handshake message before its body. */
const MESSAGE_HEADER = 12;

/** With its header as long as a record may be (RFC 5246 section 6.2.1), and more than any message of a browser. */
const MAX_MESSAGE_LENGTH = 16_384 - MESSAGE_HEADER;

/** A whole handshake message (RFC 6347 section 4.2.2). */
export interface HandshakeMessage {
  readonly type: number;
  /** message_seq: counts the messages of one side, not their retransmissions. */
  readonly sequence: number;
  readonly body: Buffer;
}

/** A part of a handshake message, or all of it. */
export interface HandshakeFragment {
  readonly type: number;
  readonly sequence: number;
  /** Bytes of the whole message's body. */
  readonly length: number;
  readonly offset: number;
  /** A view of the record. */
  readonly bytes: Buffer;
}

/** The fragments in a record; undefined where one does not fit into the record or its message, or is too long. */
export function readFragments(record: Buffer): HandshakeFragment[] | undefined {
  const fragments: HandshakeFragment[] = [];
  let start = 0;
  while (start < record.length) {
    const body = start + MESSAGE_HEADER;
    if (body > record.length) return undefined;
    const length = record.readUIntBE(start + 1, 3);
    const offset = record.readUIntBE(start + 6, 3);
    const end = body + record.readUIntBE(start + 9, 3);
    if (end > record.length || offset + end - body > length || length > MAX_MESSAGE_LENGTH) return undefined;
    const sequence = record.readUInt16BE(start + 4);
    fragments.push({ type: record[start], sequence, length, offset, bytes: record.subarray(body, end) });
    start = end;
  }
  return fragments;
}

/** A message as one fragment: the form that the hash of the handshake covers (RFC 6347 section 4.2.6). */
export function writeMessage({ type, sequence, body }: HandshakeMessage): Buffer {
  const message = Buffer.alloc(MESSAGE_HEADER + body.length);
  message[0] = type;
  message.writeUIntBE(body.length, 1, 3);
  message.writeUInt16BE(sequence, 4);
  message.writeUIntBE(body.length, 9, 3);
  message.set(body, MESSAGE_HEADER);
  return message;
}

/** A message in parts, each with a header of its own and of `limit` bytes at most. */
export function cutMessage(message: HandshakeMessage, limit: number): Buffer[] {
  const { body } = message;
  const step = limit - MESSAGE_HEADER;
  if (body.length <= step) return [writeMessage(message)];
  return Array.from({ length: Math.ceil(body.length / step) }, (_, index) => {
    const bytes = body.subarray(index * step, (index + 1) * step);
    const fragment = writeMessage({ ...message, body: bytes });
    fragment.writeUIntBE(body.length, 1, 3);
    fragment.writeUIntBE(index * step, 6, 3);
    return fragment;
  });
}

/**
 * Puts one message together from fragments in any order, repeated or overlapping. A datagram may hold more than a hundred
 * fragments, each of another message: none costs more than its own bytes and a row of zeros.
 */
export class MessageReassembler {
  #type = 0;
  #sequence = -1;
  #length = 0;
  /** As long as the longest message until now. */
  #body = Buffer.alloc(0);
  /** 1 for each byte of the body that has come. */
  #filled = new Uint8Array(0);
  #missing = 0;

  /** The whole message once its last byte has come. A fragment of another message lets go of the one begun. */
  take(fragment: HandshakeFragment): HandshakeMessage | undefined {
    const { type, sequence, length, offset, bytes } = fragment;
    if (type !== this.#type || sequence !== this.#sequence || length !== this.#length) this.#begin(fragment);
    // A later copy overwrites an earlier one: a forged fragment is mended by the client's retransmission.
    this.#body.set(bytes, offset);
    const filled = this.#filled;
    for (let at = offset; at < offset + bytes.length; at++) {
      this.#missing -= 1 - filled[at];
      filled[at] = 1;
    }
    if (this.#missing > 0) return undefined;
    this.#sequence = -1;
    return { type, sequence, body: Buffer.from(this.#body.subarray(0, length)) };
  }

  #begin({ type, sequence, length }: HandshakeFragment): void {
    this.#type = type;
    this.#sequence = sequence;
    this.#length = length;
    this.#missing = length;
    if (length > this.#body.length) {
      this.#body = Buffer.alloc(length);
      this.#filled = new Uint8Array(length);
    } else {
      this.#filled.fill(0, 0, length);
    }
  }
}
