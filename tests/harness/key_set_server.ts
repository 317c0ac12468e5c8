import type { JWK } from "jose";

/** Publishes a JWK Set over HTTP, as an issuer of tokens does, well or badly. */
export class KeySetServer implements AsyncDisposable {
  keys: readonly JWK[] = [];
  /** Requests so far. */
  asked = 0;
  /** What is answered instead of the keys. */
  answer: (() => Response | Promise<Response>) | undefined;
  readonly #server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => this.#answer());

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}/keys.json`;
  }

  #answer(): Response | Promise<Response> {
    this.asked++;
    return this.answer?.() ?? Response.json({ keys: this.keys });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}
