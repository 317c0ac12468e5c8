/** Passes TCP connections on to a port of this machine, and can cut them off without a closing handshake of WebSocket. */
export class TcpProxy implements AsyncDisposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  #targetPort: number;
  readonly #connections = new Set<Deno.TcpConn>();
  readonly #passing: Promise<void>[] = [];
  readonly #accepting: Promise<void>;
  #refusing = false;
  /** Resolves when connections are passed on again. */
  #isPassing: PromiseWithResolvers<void> | undefined;

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

  /** New connections are passed on to another port, as a load balancer does; those that there are stay. */
  turnTo(targetPort: number): void {
    this.#targetPort = targetPort;
  }

  /** New connections are passed on again. */
  restore(): void {
    this.#refusing = false;
  }

  /** Connections stay, and what comes by them waits, as on a way that loses everything; so do new ones. Until `goOn`. */
  holdUp(): void {
    this.#isPassing ??= Promise.withResolvers();
  }

  goOn(): void {
    this.#isPassing?.resolve();
    this.#isPassing = undefined;
  }

  /** Ends all connections on both sides, as a NAT does that forgets them. */
  async cut(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    this.#connections.clear();
    this.goOn();
    await Promise.all(this.#passing.splice(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.goOn();
    this.#listener.close();
    await this.#accepting;
    await this.cut();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      await this.#isPassing?.promise;
      if (this.#refusing) {
        client.close();
        continue;
      }
      const server = await connect(this.#targetPort);
      if (server === undefined) {
        client.close();
        continue;
      }
      this.#connections.add(client).add(server);
      this.#passing.push(this.#pass(client, server), this.#pass(server, client));
    }
  }

  async #pass(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    try {
      for (let length = await from.read(buffer); length !== null; length = await from.read(buffer)) {
        await this.#isPassing?.promise;
        for (let at = 0; at < length;) at += await to.write(buffer.subarray(at, length));
      }
      await this.#isPassing?.promise;
      if (this.#connections.has(to)) await to.closeWrite();
    } catch (error) {
      if (this.#connections.has(from) && this.#connections.has(to) && !isEnd(error)) throw error;
      this.#end(from);
      this.#end(to);
    }
  }

  #end(connection: Deno.TcpConn): void {
    if (this.#connections.delete(connection)) connection.close();
  }
}

/** Whether one side has given the connection up, as who waits for too long. */
function isEnd(error: unknown): boolean {
  const { BrokenPipe, ConnectionReset, ConnectionAborted, NotConnected } = Deno.errors;
  return [BrokenPipe, ConnectionReset, ConnectionAborted, NotConnected].some((kind) => error instanceof kind);
}

/** Undefined where nobody is there. */
async function connect(port: number): Promise<Deno.TcpConn | undefined> {
  try {
    return await Deno.connect({ hostname: "127.0.0.1", port });
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused) return undefined;
    throw error;
  }
}
