import { type HandshakeFragment, type HandshakeMessage, MessageReassembler } from "./message.ts";

/** Gives the messages of one side whole, in their order and each once (RFC 6347 section 4.2.2). */
export class OrderedMessages {
  readonly #types: readonly number[];
  readonly #reassembler = new MessageReassembler();
  #next = 0;

  /** `types` are those of the messages that may come, in their order; the index is the message_seq. */
  constructor(types: readonly number[]) {
    this.#types = types;
  }

  /** Whether all of them have come. */
  get complete(): boolean {
    return this.#next === this.#types.length;
  }

  /** The next message once its last byte has come. What is not of that message is dropped. */
  take(fragment: HandshakeFragment): HandshakeMessage | undefined {
    if (fragment.sequence !== this.#next || fragment.type !== this.#types[this.#next]) return undefined;
    const message = this.#reassembler.take(fragment);
    if (message !== undefined) this.#next++;
    return message;
  }
}
