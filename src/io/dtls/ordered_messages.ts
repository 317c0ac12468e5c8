import { type HandshakeFragment, type HandshakeMessage, MessageReassembler } from "./message.ts";

const NONE: readonly HandshakeMessage[] = [];

/**
 * Gives the messages of one side whole, in their order and each once, whatever order their fragments come in (RFC 6347
 * section 4.2.2). What comes ahead of its turn waits: a message of each type at most.
 */
export class OrderedMessages {
  readonly #types: readonly number[];
  readonly #reassemblers: readonly MessageReassembler[];
  /** Whole messages whose turn it is not. */
  readonly #waiting: (HandshakeMessage | undefined)[] = [];
  #next = 0;

  /** `types` are those of the messages that may come, in their order; the index is the message_seq. */
  constructor(types: readonly number[]) {
    this.#types = types;
    this.#reassemblers = types.map(() => new MessageReassembler());
  }

  /** Whether all of them have come. */
  get complete(): boolean {
    return this.#next === this.#types.length;
  }

  /** The messages whose turn it is now that the fragment has come. What is of no message that may come is dropped. */
  take(fragment: HandshakeFragment): readonly HandshakeMessage[] {
    const { sequence, type } = fragment;
    if (sequence < this.#next || type !== this.#types[sequence]) return NONE;
    const message = this.#reassemblers[sequence].take(fragment);
    if (message === undefined) return NONE;
    // One that waits already is replaced: a forged one is mended by the client's retransmission.
    this.#waiting[sequence] = message;
    return this.#takeWaiting();
  }

  #takeWaiting(): readonly HandshakeMessage[] {
    const messages: HandshakeMessage[] = [];
    for (let message = this.#waiting[this.#next]; message !== undefined; message = this.#waiting[this.#next]) {
      messages.push(message);
      this.#waiting[this.#next++] = undefined;
    }
    return messages;
  }
}
