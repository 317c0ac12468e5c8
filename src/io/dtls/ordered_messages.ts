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
  readonly #first: number;
  #next = 0;

  /** `types` are those of the messages that may come, in their order; `first` is the message_seq of the first one. */
  constructor(types: readonly number[], first = 0) {
    this.#types = types;
    this.#first = first;
    this.#reassemblers = types.map(() => new MessageReassembler());
  }

  /** Whether all of them have come. */
  get complete(): boolean {
    return this.#next === this.#types.length;
  }

  /** The messages whose turn it is now that the fragment has come. What is of no message that may come is dropped. */
  take(fragment: HandshakeFragment): readonly HandshakeMessage[] {
    const index = fragment.sequence - this.#first;
    if (index < this.#next || fragment.type !== this.#types[index]) return NONE;
    const message = this.#reassemblers[index].take(fragment);
    if (message === undefined) return NONE;
    // One that waits already is replaced: a forged one is mended by the client's retransmission.
    this.#waiting[index] = message;
    return this.#takeWaiting();
  }

  /**
   * Lets go of what came ahead of its turn: our flight is repeated, and some clients answer it anew, with another key than
   * before. Messages of two answers must not be mixed.
   */
  dropWaiting(): void {
    this.#waiting.fill(undefined);
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
