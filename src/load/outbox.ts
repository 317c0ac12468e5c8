import type { Libc } from "../io/native/libc.ts";
import { NativeMemory } from "../io/native/memory.ts";
import { MAX_MESSAGES, SendBatch } from "../io/native/send_batch.ts";
import type { SocketAddress } from "../io/native/socket_address.ts";

const SLOT_SIZE = 2048;

/** Where one socket's next datagrams are written: they leave together, as one sendmmsg(2). */
export class Outbox {
  /** Datagrams that the kernel did not take. */
  refused = 0;
  readonly #batch: SendBatch;
  readonly #memory: NativeMemory;
  readonly #slots: Uint8Array[] = [];

  constructor(libc: Libc) {
    this.#batch = new SendBatch(libc);
    this.#memory = new NativeMemory(libc, SLOT_SIZE * MAX_MESSAGES);
    for (let i = 0; i < MAX_MESSAGES; i++) {
      this.#slots.push(this.#memory.bytes.subarray(i * SLOT_SIZE, (i + 1) * SLOT_SIZE));
    }
  }

  /** Where the next datagram is written. */
  slot(): Uint8Array {
    return this.#slots[this.#batch.messages];
  }

  /** Adds the first `length` bytes of the slot. */
  commit(length: number, fd: number, to: SocketAddress): void {
    const message = this.#batch.messages;
    this.#batch.add(to, this.#memory, message * SLOT_SIZE, length, 1, length, false);
    if (this.#batch.messages === MAX_MESSAGES) this.flush(fd);
  }

  flush(fd: number): void {
    if (this.#batch.messages === 0) return;
    this.refused += this.#batch.messages - Math.max(0, this.#batch.send(fd));
    this.#batch.clear();
  }
}
