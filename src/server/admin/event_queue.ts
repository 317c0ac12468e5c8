/** Events that wait for a listener; what comes beyond is counted. */
export const MAX_QUEUED = 256;

const encoder = new TextEncoder();

/** What one listener is still to be told, at its own pace: a slow one costs a bounded queue, and is told what it missed. */
export class EventQueue {
  readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #ended: () => void;
  readonly #texts: string[] = [];
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Events that found the queue full, and that the listener has not been told of. */
  #lost = 0;
  /** The listener would take more than there is. */
  #isWaiting = false;
  #isOpen = true;

  /** `ended` is called once, whoever ends it. */
  constructor(ended: () => void) {
    this.#ended = ended;
    // Nothing is kept ahead in the stream: what waits is counted here.
    this.body = new ReadableStream({
      start: (controller) => void (this.#controller = controller),
      pull: () => this.#handlePull(),
      cancel: () => this.#end(),
    }, { highWaterMark: 0 });
  }

  /** Says at once that the stream is there, and after how many milliseconds to come back where it breaks. */
  begin(): void {
    this.add("retry: 2000\n\n");
  }

  /** Events of before may be missing, nobody knows how many. */
  miss(): void {
    this.add("event: lost\ndata: {}\n\n");
  }

  add(text: string): void {
    // What is lost has its place behind all that was there before it.
    if (this.#lost > 0 || this.#texts.length >= MAX_QUEUED) this.#lost++;
    else if (this.#isWaiting) this.#send(text);
    else this.#texts.push(text);
  }

  /** A comment, where nothing else is under way. */
  beat(): void {
    if (this.#isWaiting) this.#send(":\n\n");
  }

  /** Ends the stream; what waits is not told any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#controller.close();
    this.#end();
  }

  #handlePull(): void {
    const text = this.#texts.shift() ?? this.#takeLost();
    if (text === undefined) this.#isWaiting = true;
    else this.#send(text);
  }

  #takeLost(): string | undefined {
    if (this.#lost === 0) return undefined;
    const count = this.#lost;
    this.#lost = 0;
    return `event: lost\ndata: {"count":${count}}\n\n`;
  }

  #send(text: string): void {
    this.#isWaiting = false;
    this.#controller.enqueue(encoder.encode(text));
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#isWaiting = false;
    this.#ended();
  }
}
