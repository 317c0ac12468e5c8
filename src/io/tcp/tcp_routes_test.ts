import assert from "node:assert/strict";
import { TcpConnection, type TcpPort } from "./tcp_connection.ts";
import { MAX_STRANGERS, MAX_STRANGERS_OF_ONE, PROOF_MS, TcpRoutes } from "./tcp_routes.ts";

/** A connection over which nothing comes, or whose request is answered as soon as anybody looks. */
class SilentConnection extends TcpConnection {
  hasRequest = false;
  readonly #common: TcpPort;

  constructor(common: TcpPort, hostname: string) {
    super(common, { hostname, port: 4000 });
    this.#common = common;
  }

  override takeWaiting(): void {
    if (this.hasRequest) this.#common.prove(this);
  }

  protected override frame(buffer: Uint8Array): Uint8Array {
    return buffer;
  }

  protected override queue(): number {
    return 0;
  }

  protected override end(): void {}
}

function setUp() {
  const routes = new TcpRoutes();
  const connections: SilentConnection[] = [];
  const add = (hostname: string, nowMs = 0) => {
    const connection = new SilentConnection(routes, hostname);
    connections.push(connection);
    routes.add(connection, nowMs);
    return connection;
  };
  return { routes, add, open: () => connections.filter(({ isClosed }) => !isClosed) };
}

Deno.test({
  name: "B193: of 256 silent connections the oldest gives way to the next, whatever their addresses",
  permissions: "none",
  fn() {
    const { routes, add, open } = setUp();
    const first = Array.from({ length: MAX_STRANGERS }, (_, i) => add(`192.0.2.${i}`));
    assert.equal(open().length, MAX_STRANGERS);
    add("198.51.100.1");
    add("198.51.100.2");
    assert.deepEqual(first.map(({ isClosed }) => isClosed).slice(0, 4), [true, true, false, false]);
    assert.deepEqual([routes.size, routes.strangerCount, routes.counters.refused], [MAX_STRANGERS, MAX_STRANGERS, 2]);
  },
});

Deno.test({
  name: "B193: nobody gives way whose request has come already, though it was not its turn yet",
  permissions: "none",
  fn() {
    const { routes, add, open } = setUp();
    const waiting = Array.from({ length: MAX_STRANGERS_OF_ONE }, () => add("192.0.2.1"));
    waiting[0].hasRequest = true;
    waiting[2].hasRequest = true;
    for (let i = 0; i < 3; i++) add("192.0.2.1");
    assert.deepEqual(waiting.map(({ isClosed }) => isClosed).slice(0, 4), [false, true, false, false]);
    assert.deepEqual([open().length, routes.counters.refused], [MAX_STRANGERS_OF_ONE + 2, 1]);
  },
});

Deno.test({
  name: "B193: an IPv6 site counts as one address, however many it has; others are not touched",
  permissions: "none",
  fn() {
    const { add, open } = setUp();
    const other = add("2001:db8:0:2::1");
    for (let i = 0; i < 3 * MAX_STRANGERS_OF_ONE; i++) add(`2001:db8:0:1:${i.toString(16)}::1`);
    assert.equal(open().length, 1 + MAX_STRANGERS_OF_ONE);
    assert.equal(other.isClosed, false);
    const ipv4 = Array.from({ length: 2 * MAX_STRANGERS_OF_ONE }, (_, i) => add(`::ffff:192.0.2.${i}`));
    assert.ok(ipv4.every(({ isClosed }) => !isClosed), "addresses of IPv4 are each of their own");
  },
});

Deno.test({
  name: "B192: silent connections are closed 10 s after each was accepted, and closed ones are forgotten",
  permissions: "none",
  fn() {
    const { routes, add, open } = setUp();
    const [one, two, three] = [add("192.0.2.1", 0), add("192.0.2.1", 5), add("192.0.2.1", 7)];
    two.close();
    two.close();
    routes.handleTimeout(PROOF_MS - 1);
    assert.deepEqual(open(), [one, three]);
    routes.handleTimeout(PROOF_MS);
    assert.deepEqual(open(), [three]);
    routes.close();
    assert.deepEqual([routes.size, routes.strangerCount], [0, 0]);
    assert.deepEqual(routes.counters, { accepted: 3, refused: 0, expired: 1 });
  },
});
