import assert from "node:assert/strict";
import type { CreateOptions } from "../../src/mod.ts";
import { stunRequest } from "../harness/datagram_peer.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { candidateAddress } from "../harness/sdp_sections.ts";
import { credentialsOf } from "../harness/signaling_room.ts";
import { TcpBridge } from "../harness/tcp_bridge.ts";
import { TcpClient } from "../harness/tcp_client.ts";
import { WeriftClient } from "../harness/werift_client.ts";
import { WITH_WORKER } from "../harness/worker_setup.ts";

const PACKETS = 100;
const LOOPBACK = { net: ["127.0.0.1"] };

const SETUPS: readonly {
  readonly name: string;
  readonly options: CreateOptions;
  readonly permissions: Deno.PermissionOptionsObject;
  readonly ignore: boolean;
}[] = [
  { name: "portable", options: { backend: "portable" }, permissions: LOOPBACK, ignore: false },
  { name: "native, no media worker", options: { backend: "native", workers: 0 }, ...WITH_WORKER },
  { name: "native, a media worker", options: { backend: "native", workers: 1 }, ...WITH_WORKER },
  { name: "native, two media workers", options: { backend: "native", workers: 2 }, ...WITH_WORKER },
  { name: "native, two, one UDP port each", options: { backend: "native", workers: 2, udpPort: 0 }, ...WITH_WORKER },
];

/** A room with one who publishes and one who watches, whose media goes over bridges. */
async function openRoom(server: LoopbackServer, roomId: string, bridges: readonly [TcpBridge, TcpBridge]) {
  const publisher = await WeriftClient.join(server.signalingUrl, roomId, { detour: bridges[0].lead });
  const source = new MediaSource(publisher, publisher.publish("video"));
  await publisher.connect();
  const subscriber = await WeriftClient.join(server.signalingUrl, roomId, { detour: bridges[1].lead });
  const subscription = subscriber.subscribe("video");
  await subscriber.connect();
  const stream = subscriber.streamOf(subscription);
  await source.flow(stream, PACKETS);
  const { ssrc = 0 } = subscriber.sectionOf(subscription);
  return {
    publisher,
    subscriber,
    source,
    stream,
    assertWhole: () => assertForwarded(stream.entries, source.sent, { ssrc, payloadType: 96, kind: "video" }),
  };
}

for (const { name, options, permissions, ignore } of SETUPS) {
  const test = (behaviour: string, fn: (server: LoopbackServer) => Promise<void>) =>
    Deno.test({
      name: `${behaviour} (${name})`,
      permissions,
      ignore,
      sanitizeOps: true,
      sanitizeResources: true,
      async fn() {
        await using server = new LoopbackServer({ ...options, tcpPort: 0 });
        await fn(server);
        await server.empty();
      },
    });

  test("B190, B192, P63: peers of two rooms connect, publish and receive by TCP alone", async (server) => {
    await using first = new TcpBridge("tcp");
    await using second = new TcpBridge("tcp");
    await using third = new TcpBridge("tcp");
    await using fourth = new TcpBridge("tcp");
    const rooms = [
      await openRoom(server, "one", [first, second]),
      await openRoom(server, "two", [third, fourth]),
    ];
    await server.until(({ connections }) => connections === 4, "four connections");
    for (const { source, stream } of rooms) await source.flow(stream, PACKETS);
    for (const { assertWhole, publisher, subscriber } of rooms) {
      assertWhole();
      assert.match(publisher.answer, new RegExp(` ${server.switchboard.backend.tcpPort} typ host tcptype passive`));
      for (const client of [publisher, subscriber]) await client.leave();
    }
    for (const { received } of [first, second, third, fourth]) assert.equal(received.udp, 0);
  });

  test("B190: the answers to WHIP and WHEP carry the TCP candidate too", async (server) => {
    for (const [role, direction] of [["whip", "sendonly"], ["whep", "recvonly"]] as const) {
      const body = buildOffer([{ mid: "0", kind: "video", direction, ssrc: 1000, msid: "s v" }]);
      const headers = { "Content-Type": "application/sdp" };
      const created = await fetch(`${server.url}/${role}/room`, { method: "POST", headers, body });
      const { port } = candidateAddress(await created.text(), "tcp");
      assert.equal(port, server.switchboard.backend.tcpPort);
      const session = new URL(created.headers.get("Location") ?? "", created.url);
      const ended = await fetch(session, { method: "DELETE" });
      await ended.body?.cancel();
      assert.equal(ended.status, 200);
    }
  });

  test("B194: in mid-call both peers move from UDP to TCP and back, and the stream goes on", async (server) => {
    await using up = new TcpBridge("udp");
    await using down = new TcpBridge("udp");
    const { publisher, subscriber, source, stream, assertWhole } = await openRoom(server, "room", [up, down]);
    let before = { ...down.received };
    assert.equal(before.tcp, 0);
    for (const way of ["tcp", "udp", "tcp"] as const) {
      for (const bridge of [up, down]) await bridge.nominate(way);
      await source.flow(stream, PACKETS);
      const other = way === "udp" ? "tcp" : "udp";
      assert.ok(down.received[way] >= before[way] + PACKETS - 2, `${JSON.stringify(down.received)} by ${way}`);
      assert.ok(down.received[other] < before[other] + 10);
      before = { ...down.received };
    }
    assertWhole();
    for (const client of [publisher, subscriber]) await client.leave();
  });

  test("B192, B197: strangers at the port, and a client whose connection breaks off, disturb nobody", async (server) => {
    await using up = new TcpBridge("tcp");
    await using down = new TcpBridge("tcp");
    const { publisher, subscriber, source, stream, assertWhole } = await openRoom(server, "room", [up, down]);
    const port = server.switchboard.backend.tcpPort ?? 0;
    for (let i = 0; i < 40; i++) {
      await using stranger = await TcpClient.connect(port);
      await stranger.sendBytes(Uint8Array.from({ length: 40 }, (_, at) => at * i));
      await source.flow(stream, 2);
    }
    // In perfect order, but for the password.
    await using forger = await TcpClient.connect(port);
    await forger.send(stunRequest(credentialsOf(subscriber.answer).ufrag));
    await forger.ended;
    assert.deepEqual(forger.received.entries, []);
    await using leaving = new TcpBridge("tcp");
    const guest = await WeriftClient.join(server.signalingUrl, "room", { detour: leaving.lead });
    guest.subscribe("video");
    await guest.connect();
    await leaving.cut();
    await source.flow(stream, PACKETS);
    await server.until(({ connections }) => connections === 2, "the broken connection is gone");
    assertWhole();
    for (const client of [guest, publisher, subscriber]) await client.leave();
  });
}
