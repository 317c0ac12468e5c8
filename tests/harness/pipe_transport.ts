import type { ConnectionTransport } from "puppeteer-core";

/** Each message of a browser's debugging pipe ends with this byte. */
const END = "\0";

/** The debugging pipe of a browser: its messages over two streams of bytes. */
export class PipeTransport implements ConnectionTransport {
  onmessage?: (message: string) => void;
  onclose?: () => void;
  /** Resolves when the browser has closed its end. */
  readonly ended: Promise<void>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #encoder = new TextEncoder();
  #closed = false;

  constructor(input: WritableStream<Uint8Array>, output: ReadableStream<Uint8Array>) {
    this.#writer = input.getWriter();
    this.ended = this.#read(output);
  }

  send(message: string): void {
    this.#writer.write(this.#encoder.encode(`${message}${END}`)).catch(() => this.#handleEnd());
  }

  close(): void {
    this.#writer.close().catch(() => this.#handleEnd());
  }

  async #read(output: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of output) {
      const messages = (rest + decoder.decode(chunk, { stream: true })).split(END);
      rest = messages.pop() ?? "";
      for (const message of messages) this.onmessage?.(message);
    }
    this.#handleEnd();
  }

  /** The browser has gone: seen by who reads, and by who writes. */
  #handleEnd(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.onclose?.();
  }
}
