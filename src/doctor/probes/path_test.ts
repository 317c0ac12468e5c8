import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Journal } from "../../../tests/harness/journal.ts";
import { LENGTH_PREFIXED, openUdpPath, type Path, streamPath } from "./path.ts";
import { newTransactionId } from "./stun_transaction.ts";
import { SELF_DELIMITED, TURN, TURN_ATTRIBUTE, writeTurnMessage } from "./turn_message.ts";

const LOOPBACK = "127.0.0.1";
const OTHER_LOOPBACK = "127.0.0.2";
const PERMISSIONS = { net: [LOOPBACK] } satisfies Deno.PermissionOptionsObject;

const message = (data: number) =>
  writeTurnMessage(TURN.SEND_INDICATION, newTransactionId(), [[TURN_ATTRIBUTE.DATA, new Uint8Array(data)]]);

/** A connection to somebody who sends back what comes, byte by byte. */
async function withEcho(test: (connection: Deno.TcpConn) => Promise<void>): Promise<void> {
  const listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
  const accepted = listener.accept();
  const connection = await Deno.connect({ hostname: LOOPBACK, port: listener.addr.port });
  const other = await accepted;
  other.setNoDelay(true);
  const echoing = (async () => {
    const buffer = new Uint8Array(1);
    while (await other.read(buffer) !== null) await other.write(buffer);
  })();
  await test(connection);
  await echoing;
  other.close();
  listener.close();
}

async function echoed(path: Path, sent: readonly Uint8Array[]): Promise<void> {
  const received = new Journal<Uint8Array>();
  path.onDatagram = (bytes) => received.add(bytes);
  for (const datagram of sent) void path.send(datagram);
  await received.reach(sent.length, "all datagrams");
  deepStrictEqual(received.entries.map((bytes) => [...bytes]), sent.map((bytes) => [...bytes]));
}

for (const [name, framing] of Object.entries({ LENGTH_PREFIXED, SELF_DELIMITED })) {
  Deno.test({
    name: `B483, B485: by TCP datagrams come whole and in order, however the stream is cut (${name})`,
    permissions: PERMISSIONS,
    fn: () =>
      withEcho(async (connection) => {
        const path = streamPath(connection, framing);
        await echoed(path, [message(1), message(300), message(0)]);
        await path.close();
        // As what gets lost.
        await path.send(message(1));
      }),
  });
}

Deno.test({
  name: "B483: by UDP only what comes from the endpoint is taken, and that nobody listens there is silence",
  permissions: PERMISSIONS,
  async fn() {
    const server = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
    const stranger = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
    const path = openUdpPath({ address: LOOPBACK, port: (server.addr as Deno.NetAddr).port });
    const received = new Journal<Uint8Array>();
    path.onDatagram = (bytes) => received.add(bytes);
    await path.send(Uint8Array.of(1));
    const [, client] = await server.receive();
    await stranger.send(Uint8Array.of(2), client);
    await server.send(Uint8Array.of(3), client);
    await received.reach(1, "the answer");
    deepStrictEqual(received.entries.map(([byte]) => byte), [3]);
    server.close();
    stranger.close();
    for (let i = 0; i < 3; i++) await path.send(Uint8Array.of(4));
    await path.close();
    await path.send(Uint8Array.of(5));
    strictEqual(received.entries.length, 1);
  },
});

Deno.test({
  name: "B483: by UDP an answer from another address of the server is none, though its port is the same",
  permissions: { net: [LOOPBACK, OTHER_LOOPBACK] },
  // Elsewhere loopback has one address.
  ignore: Deno.build.os !== "linux",
  async fn() {
    const server = Deno.listenDatagram({ transport: "udp", hostname: LOOPBACK, port: 0 });
    const { port } = server.addr as Deno.NetAddr;
    const other = Deno.listenDatagram({ transport: "udp", hostname: OTHER_LOOPBACK, port });
    const path = openUdpPath({ address: LOOPBACK, port });
    const received = new Journal<Uint8Array>();
    path.onDatagram = (bytes) => received.add(bytes);
    await path.send(Uint8Array.of(1));
    const [, client] = await server.receive();
    await other.send(Uint8Array.of(2), client);
    await server.send(Uint8Array.of(3), client);
    await received.reach(1, "the answer");
    deepStrictEqual(received.entries.map(([byte]) => byte), [3]);
    server.close();
    other.close();
    await path.close();
  },
});
