import { writeUint16, writeUint32 } from "../rtp/bytes.ts";
import type { RemoteAddress } from "../webrtc/datagram.ts";
import { SLOT_SIZE } from "../webrtc/datagram.ts";
import type { SrtpCipher } from "../webrtc/srtp/cipher.ts";
import {
  FRAMES_OFFSET,
  HEAD_LENGTH,
  LENGTH_BYTES,
  NONCE_LENGTH,
  NONE_BEGINS,
  TAG_LENGTH,
  writeHead,
  writeNonce,
} from "./direct_datagram.ts";
import type { DirectionKeys } from "./direct_keys.ts";
import type { NodeSocket } from "./node_socket.ts";
import type { StagedFrame } from "./staged_frame.ts";

/** Pieces of one node that wait for a flush: what is more leaves at once. */
const MAX_WAITING_PIECES = 64;
const FIRST_OFFSET = 4;
const SESSION_OFFSET = 6;
const FLAGS_OFFSET = 7;

/** What one datagram seals. */
interface Piece {
  readonly bytes: Uint8Array;
  length: number;
  /** Where the first frame begins that does so here. */
  first: number;
}

/** Pieces that are not in use, of all nodes: the one that was given back last is taken first, as it is in the cache. */
export class PiecePool {
  readonly #free: Piece[] = [];
  // Arrays keep their length: one that shrinks and grows is allocated anew.
  #count = 0;

  take(): Piece {
    if (this.#count > 0) return this.#free[--this.#count];
    return { bytes: new Uint8Array(new ArrayBuffer(SLOT_SIZE)), length: 0, first: NONE_BEGINS };
  }

  give(piece: Piece): void {
    this.#free[this.#count++] = piece;
  }
}

export interface DirectSenderOptions {
  readonly keys: Pick<DirectionKeys, "id" | "salt">;
  /** By the key, closed with this. */
  readonly cipher: SrtpCipher;
  readonly socket: NodeSocket;
  readonly pool: PiecePool;
  /** Sealed bytes of a datagram at most. */
  readonly payload: number;
  /** Of the first datagram. Never one that was used with this key before. */
  readonly firstNumber: number;
  /** 8 bits that tell these counts from those of a sender before. */
  readonly session: number;
}

/** The way from this node to one other: frames go into pieces, and a flush seals each of them as a datagram. */
export class DirectSender {
  /** Where datagrams go. */
  to: RemoteAddress;
  /** What each datagram says of who hears whom. */
  flags = 0;
  readonly #options: DirectSenderOptions;
  readonly #cipher: SrtpCipher;
  readonly #salt: Uint8Array;
  readonly #nonce: Uint8Array;
  /** The first `count` wait. */
  readonly #pieces: Piece[] = [];
  #count = 0;
  #number: number;
  /** Frames that have begun. */
  #frames = 0;

  constructor(options: DirectSenderOptions, to: RemoteAddress) {
    this.to = to;
    this.#options = options;
    this.#cipher = options.cipher;
    this.#salt = options.keys.salt;
    this.#nonce = options.cipher.iv ?? new Uint8Array(NONCE_LENGTH);
    this.#number = options.firstNumber;
  }

  /** Of the next datagram. */
  get nextNumber(): number {
    return this.#number;
  }

  /** Adds a frame to what waits. Returns how many datagrams left because too much did. */
  add(frame: StagedFrame): number {
    const { payload } = this.#options;
    const left = this.#count < MAX_WAITING_PIECES ? 0 : this.flush();
    let piece = this.#count === 0 ? this.#begin() : this.#pieces[this.#count - 1];
    if (payload - piece.length < LENGTH_BYTES) {
      piece.bytes.fill(0, piece.length, payload);
      piece.length = payload;
      piece = this.#begin();
    }
    if (piece.first === NONE_BEGINS) piece.first = piece.length;
    this.#frames = (this.#frames + 1) | 0;
    for (let from = 0;;) {
      const count = Math.min(frame.length - from, payload - piece.length);
      frame.copy(from, count, piece.bytes, piece.length);
      piece.length += count;
      from += count;
      if (from === frame.length) return left;
      piece = this.#begin();
    }
  }

  /** What waits leaves. Returns how many datagrams that were. */
  flush(): number {
    const count = this.#count;
    for (let i = 0; i < count; i++) this.#send(this.#pieces[i]);
    this.#giveBack();
    return count;
  }

  /** Sends a datagram without frames, unless some wait anyway: to be heard, and to tell how many there were. */
  sendKeepAlive(): void {
    if (this.#count > 0) return;
    this.#begin();
    this.flush();
  }

  /** What waits is given up. */
  close(): void {
    this.#giveBack();
    this.#cipher.close();
  }

  /** The first piece last, so that it is taken first again. */
  #giveBack(): void {
    for (let i = this.#count - 1; i >= 0; i--) this.#options.pool.give(this.#pieces[i]);
    this.#count = 0;
  }

  #begin(): Piece {
    const piece = this.#options.pool.take();
    piece.length = FRAMES_OFFSET;
    piece.first = NONE_BEGINS;
    writeUint32(piece.bytes, 0, this.#frames);
    this.#pieces[this.#count++] = piece;
    return piece;
  }

  /** One that cannot be queued takes its number all the same: the other node is to know that something is missing. */
  #send({ bytes, length, first }: Piece): void {
    const { socket, keys, session } = this.#options;
    const number = this.#number++;
    const slot = socket.slot();
    if (slot === undefined) return;
    writeUint16(bytes, FIRST_OFFSET, first);
    bytes[SESSION_OFFSET] = session;
    bytes[FLAGS_OFFSET] = this.flags;
    writeHead(slot, keys.id, number);
    writeNonce(this.#nonce, this.#salt, number);
    const tagOffset = HEAD_LENGTH + length;
    this.#cipher.seal(this.#nonce, slot, HEAD_LENGTH, bytes, 0, length, undefined, tagOffset);
    socket.commit(tagOffset + TAG_LENGTH, this.to);
  }
}
