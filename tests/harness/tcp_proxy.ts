/** Passes TCP connections on to a port of this machine, and can cut them off without a closing handshake of WebSocket. */
export class TcpProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #targetPort: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #passing: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  #refusing = false;

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#accepting = this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** Ends all connections, and each new one at once, until `restore`. */
  async refuse(): Promise<void> {
    this.#refusing = true;
    await this.cut();
  }

  /** New connections are passed on again. */
  restore(): void {
    this.#refusing = false;
  }

  /** Ends all connections on both sides, as a NAT does that forgets them. */
  async cut(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    await Promise.all(this.#passing.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    await this.cut();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      if (this.#refusing) {
        client.close();
        continue;
      }
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      this.#connections.add(client).add(server);
      this.#passing.push(this.#pass(client, server), this.#pass(server, client));
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
        for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
      }
    } catch (error) {
      if (this.#connections.has(from) && this.#connections.has(to)) throw error;
      return;
    }
    if (this.#connections.has(to)) await to.closeWrite();
  }
}
