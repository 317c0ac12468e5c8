import { MessageDecoder, MessageEncoder } from "./message_text.ts";

/** Positions of reader and writer, and whether a wake-up is under way. */
const READ = 0;
const WRITE = 1;
const WAKING = 2;
const HEADER_BYTES = 16;
const LENGTH_BYTES = 4;

/** Memory for a ring of `capacity` bytes, a power of two. */
export function createRing(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

/** Both ends' view of a ring: one isolate writes messages into it, another one reads them. */
class RingView {
  readonly state: Int32Array<SharedArrayBuffer>;
  readonly data: Uint8Array<SharedArrayBuffer>;
  readonly mask: number;
  readonly length = new Uint8Array(LENGTH_BYTES);
  readonly lengthView = new DataView(this.length.buffer);

  constructor(buffer: SharedArrayBuffer) {
    this.state = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.data = new Uint8Array(buffer, HEADER_BYTES);
    this.mask = this.data.length - 1;
  }

  put(position: number, bytes: Uint8Array): void {
    const start = position & this.mask;
    const first = Math.min(bytes.length, this.data.length - start);
    this.data.set(bytes.subarray(0, first), start);
    this.data.set(bytes.subarray(first), 0);
  }

  /** Nothing of it stays: it may be keys. */
  take(position: number, bytes: Uint8Array): void {
    const start = position & this.mask;
    const first = Math.min(bytes.length, this.data.length - start);
    bytes.set(this.data.subarray(start, start + first));
    bytes.set(this.data.subarray(0, bytes.length - first), first);
    this.data.fill(0, start, start + first);
    this.data.fill(0, 0, bytes.length - first);
  }
}

/**
 * The writing end. Messages of JSON's types and of Uint8Arrays arrive whole and in order; where the ring is full they
 * wait here. `wake` is called when the reader may be asleep: once, until it reads again.
 */
export class RingWriter<Message> {
  readonly #ring: RingView;
  readonly #wake: () => void;
  readonly #encoder = new MessageEncoder();
  readonly #waiting: Uint8Array[] = [];

  constructor(buffer: SharedArrayBuffer, wake: () => void) {
    this.#ring = new RingView(buffer);
    this.#wake = wake;
  }

  /** Messages that wait for room. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Throws RangeError for a message that is longer than the ring. */
  send(message: Message): void {
    const bytes = this.#encoder.encode(message);
    if (bytes.length + LENGTH_BYTES > this.#ring.data.length) {
      throw new RangeError(`a message of ${bytes.length} bytes is too long for a ring of ${this.#ring.data.length}`);
    }
    if (this.#waiting.length > 0 || !this.#write(bytes)) {
      this.#waiting.push(bytes.slice());
      bytes.fill(0);
    }
    this.#wakeReader();
  }

  /** As `send`, but drops the message where less than `spare` bytes of the ring would stay free; returns whether it went. */
  offer(message: Message, spare = 0): boolean {
    const isSent = this.#waiting.length === 0 && this.#write(this.#encoder.encode(message), spare);
    if (isSent) this.#wakeReader();
    return isSent;
  }

  /** Writes what waits, as far as there is room by now. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    let written = 0;
    while (written < this.#waiting.length && this.#write(this.#waiting[written])) written++;
    this.#waiting.splice(0, written);
    if (written > 0) this.#wakeReader();
  }

  #write(bytes: Uint8Array, spare = 0): boolean {
    const { state, data, length, lengthView } = this.#ring;
    const position = Atomics.load(state, WRITE);
    const used = (position - Atomics.load(state, READ)) >>> 0;
    if (used + LENGTH_BYTES + bytes.length + spare > data.length) return false;
    lengthView.setUint32(0, bytes.length);
    this.#ring.put(position, length);
    this.#ring.put(position + LENGTH_BYTES, bytes);
    Atomics.store(state, WRITE, (position + LENGTH_BYTES + bytes.length) | 0);
    bytes.fill(0);
    return true;
  }

  #wakeReader(): void {
    if (Atomics.exchange(this.#ring.state, WAKING, 1) === 0) this.#wake();
  }
}

/** The reading end. */
export class RingReader<Message> {
  readonly #ring: RingView;
  readonly #decoder = new MessageDecoder();

  constructor(buffer: SharedArrayBuffer) {
    this.#ring = new RingView(buffer);
  }

  /** Hands all messages that are there to `handle`. To be called when woken: what is written from now on wakes again. */
  drain(handle: (message: Message) => void): void {
    Atomics.store(this.#ring.state, WAKING, 0);
    for (let bytes = this.#read(); bytes !== undefined; bytes = this.#read()) {
      const message = this.#decoder.decode(bytes) as Message;
      bytes.fill(0);
      handle(message);
    }
  }

  #read(): Uint8Array | undefined {
    const { state, length, lengthView } = this.#ring;
    const position = Atomics.load(state, READ);
    if (position === Atomics.load(state, WRITE)) return undefined;
    this.#ring.take(position, length);
    const bytes = this.#decoder.room(lengthView.getUint32(0));
    this.#ring.take(position + LENGTH_BYTES, bytes);
    Atomics.store(state, READ, (position + LENGTH_BYTES + bytes.length) | 0);
    return bytes;
  }
}
