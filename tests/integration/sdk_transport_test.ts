import assert from "node:assert/strict";
import { fakePeerConnections } from "../harness/fake_peer_connection.ts";
import { SdkWorld } from "../harness/sdk_world.ts";

/** As much of the SDK's Transport as is used here; its own types are the browser's. */
interface SdkTransport {
  start(): void;
  suspend(): void;
  resume(iceServers?: readonly object[]): void;
  close(): void;
  handleAnswer(answer: { readonly id: string; readonly sdp: string }): Promise<void>;
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { Transport } = await import(new URL("transport.js", SDK).href);

/** A transport whose first offer is answered, and which is connected, with what it has told since. */
async function connect(world: SdkWorld, made: ReturnType<typeof fakePeerConnections>["made"]) {
  const told: unknown[] = [];
  const transport: SdkTransport = new Transport([], undefined, {
    send: ({ type, id }: { readonly type: string; readonly id: string }) => told.push(`${type} ${id}`),
    stateChanged: () => {},
    unanswered: () => told.push("unanswered"),
    error: ({ code }: { readonly code: string }) => told.push(`error ${code}`),
    failed: ({ code }: { readonly code: string }) => told.push(`failed ${code}`),
  });
  transport.start();
  await world.advance(10);
  await transport.handleAnswer({ id: "1", sdp: "answer" });
  made[0].become("connected");
  assert.deepEqual(told.splice(0), ["offer 1"]);
  return { transport, connection: made[0], told };
}

Deno.test({
  name: "B203: an offer that nobody answers ends the room also where no other WebSocket takes over",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using connections = fakePeerConnections();
    const { transport, told } = await connect(world, connections.made);
    transport.start();
    await world.advance(5_100);
    assert.deepEqual(told, ["offer 2", "unanswered"]);
    await world.advance(15_000);
    assert.deepEqual(told, ["offer 2", "unanswered", "failed server-gone"]);
    transport.close();
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B203, P68: where another WebSocket takes over the offer is sent again, and has its whole time",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using connections = fakePeerConnections();
    const { transport, told } = await connect(world, connections.made);
    transport.start();
    await world.advance(5_100);
    transport.suspend();
    await world.advance(20_000);
    transport.resume();
    await world.advance(14_900);
    assert.deepEqual(told, ["offer 2", "unanswered", "offer 2"]);
    await transport.handleAnswer({ id: "2", sdp: "answer" });
    assert.equal(world.clock.pendingCount, 0);
    transport.close();
  },
});

Deno.test({
  name: "B202: who leaves on hearing what happened meanwhile has no timer go on, and asks the server for nothing",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using connections = fakePeerConnections();
    const { transport, connection, told } = await connect(world, connections.made);
    connection.become("disconnected");
    transport.start();
    await world.advance(10);
    transport.suspend();
    transport.close();
    transport.resume();
    assert.deepEqual([told, world.clock.pendingCount], [["offer 2"], 0]);
  },
});

Deno.test({
  name: "B203: where media is lost as well an offer without an answer is given up after 2 s, not after 5",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using connections = fakePeerConnections();
    const { transport, connection, told } = await connect(world, connections.made);
    connection.become("failed");
    await world.advance(2_100);
    assert.deepEqual([told, connection.restarts], [["offer 2", "unanswered"], 1]);
    transport.close();
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P62, P65: a resume brings ICE servers with fresh credentials, and leaves the rest of the configuration",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using connections = fakePeerConnections();
    const { transport, connection } = await connect(world, connections.made);
    const iceServers = [{ urls: ["turn:turn.example.org"], username: "tomorrow", credential: "secret" }];
    for (const given of [undefined, iceServers]) {
      transport.suspend();
      transport.resume(given);
      assert.deepEqual(connection.configuration, { iceServers: given ?? [], bundlePolicy: "max-bundle" });
    }
    transport.close();
  },
});
