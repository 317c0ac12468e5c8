/** Bytes after which the broker is asked how far it is, so that what waits is known. */
const PING_BYTES = 64 * 1024;
const PING_MESSAGES = 64;

export interface SendLimits {
  readonly messages: number;
  readonly bytes: number;
}

/**
 * What a link was given and the broker is not known to have taken: in our queues, in those of the client library and in
 * those of the kernel. The broker's answer to a ping says that it has all that went before.
 */
export class SendWindow {
  readonly #limits: SendLimits;
  #messages = 0;
  #bytes = 0;
  /** Of these, what went before the ping that is not answered yet. */
  #pingedMessages = 0;
  #pingedBytes = 0;
  #isPinged = false;

  constructor(limits: SendLimits) {
    this.#limits = limits;
  }

  get waitingMessages(): number {
    return this.#messages;
  }

  hasRoom(bytes: number): boolean {
    return this.#messages < this.#limits.messages && this.#bytes + bytes <= this.#limits.bytes;
  }

  add(bytes: number): void {
    this.#messages++;
    this.#bytes += bytes;
  }

  /** Whether so much is not asked for yet that a ping is due now. */
  get isPingDue(): boolean {
    return !this.#isPinged && (this.#bytes >= PING_BYTES || this.#messages >= PING_MESSAGES);
  }

  /** A ping that is not answered yet. */
  get isPinged(): boolean {
    return this.#isPinged;
  }

  handlePing(): void {
    this.#isPinged = true;
    this.#pingedMessages = this.#messages;
    this.#pingedBytes = this.#bytes;
  }

  handlePong(): void {
    this.#isPinged = false;
    this.#messages -= this.#pingedMessages;
    this.#bytes -= this.#pingedBytes;
  }
}
