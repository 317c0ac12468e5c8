import assert from "node:assert/strict";
import { MemoryBrokerNetwork } from "../../src/bus/memory_broker.ts";
import type { CreateOptions } from "../../src/mod.ts";
import { adminToken } from "../harness/admin_setup.ts";
import { Journal } from "../harness/journal.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { SECRET, secretToken } from "../harness/tokens.ts";

const PERMISSIONS = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;

const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);

class AdministeredServer extends LoopbackServer {
  constructor(options: CreateOptions = {}) {
    super({ auth: { secret: SECRET }, ...options });
  }

  async ask(method: string, path: string, body?: unknown): Promise<Response> {
    return await fetch(`${this.url}/api/${path}`, {
      method,
      headers: {
        "Authorization": `Bearer ${await adminToken()}`,
        ...(body !== undefined && { "Content-Type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  }

  /** The parsed answer to a GET. */
  async read(path: string) {
    const response = await this.ask("GET", path);
    return await response.json();
  }

  async join(roomId = "room", room = "*") {
    const socket = await SignalingSocket.open(
      this.signalingUrl,
      await secretToken({ exp: 60, switchboard: { room } }),
    );
    socket.send({ type: "join", roomId });
    return { socket, id: (await socket.receive("welcome")).peerId };
  }
}

/** Until the stream ends. */
async function readEvents({ body }: Response, events: Journal<string>): Promise<void> {
  let rest = "";
  for await (const chunk of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const texts = (rest + chunk).split("\n\n");
    rest = texts.pop() ?? "";
    for (const text of texts) events.add(text);
  }
}

/** A server that shares its rooms with the others of a network. */
function openAt(network: MemoryBrokerNetwork): AdministeredServer {
  return new AdministeredServer({ bus: { broker: network.open(), media: "broker" } });
}

Deno.test({
  name: "B495: events go out by HTTP while they happen, and the end of the server ends the stream",
  permissions: PERMISSIONS,
  async fn() {
    const server = new AdministeredServer();
    try {
      const response = await server.ask("GET", "events");
      assert.equal(response.headers.get("Content-Type"), "text/event-stream");
      const events = new Journal<string>();
      const ended = readEvents(response, events);
      const { id } = await server.join("blue");
      await events.find((event) => event.includes(`"peerId":"${id}"`), "the event of the join");
      await server.switchboard.close();
      await ended;
      const names = events.entries.map((event) => /^event: (\w+)$/m.exec(event)?.[1] ?? "none");
      assert.deepEqual(names, ["none", "roomStarted", "peerJoined", "peerLeft", "roomEnded"]);
      assert.match(events.entries[3], /"reason":"server-closing"/);
    } finally {
      await server[Symbol.asyncDispose]();
    }
  },
});

Deno.test({
  name: "B492: servers that share rooms tell of each other's peers, with the name of the server where more is told",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = openAt(network);
    await using second = openAt(network);
    const [ada, ben] = [await first.join(), await second.join()];
    await ada.socket.receive("peerJoined", ({ peer }) => peer.id === ben.id);
    const { cluster } = await second.read("status");
    const { members, peers, remotePeers } = await first.read("rooms/room");
    assert.deepEqual([peers, remotePeers], [1, 1]);
    const remote = members.find(({ id }: { id: string }) => id === ben.id);
    assert.deepEqual(remote, { id: ben.id, remote: true, node: cluster.node, tracks: [] });
    const elsewhere = await first.ask("GET", `rooms/room/peers/${ben.id}`);
    const { code, detail } = await elsewhere.json();
    assert.deepEqual([elsewhere.status, code, detail.includes(cluster.node)], [409, "elsewhere", true]);
    assert.equal((await second.read(`rooms/room/peers/${ben.id}`)).id, ben.id);
    for (const { socket } of [ada, ben]) await socket.close();
  },
});

Deno.test({
  name: "B501, P132, P133: the end of a room and a message reach all servers that share rooms, each client once",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = openAt(network);
    await using second = openAt(network);
    const [ada, ben, other] = [await first.join(), await second.join(), await second.join("other")];
    await ada.socket.receive("peerJoined");
    const said = await first.ask("POST", "rooms/room/messages", { message: { text: "hello" } });
    assert.deepEqual(await said.json(), { reached: 1, told: true });
    const everywhere = await second.ask("POST", "messages", { message: 2 });
    assert.deepEqual(await everywhere.json(), { reached: 2, told: true });
    for (const { socket } of [ada, ben]) {
      await socket.receive("message", ({ message }) => message === 2);
      assert.deepEqual(socket.received("message").map(({ message }) => message), [{ text: "hello" }, 2]);
    }
    const ended = await first.ask("DELETE", "rooms/room");
    assert.deepEqual([ended.status, await ended.json()], [200, { reached: 1, told: true }]);
    for (const { socket } of [ada, ben]) {
      assert.equal((await socket.receive("error")).code, "room-ended");
      assert.equal((await socket.closed).code, 4005);
    }
    assert.deepEqual(other.socket.received("message").map(({ message }) => message), [2]);
    const elsewhere = await first.ask("DELETE", "rooms/other");
    assert.equal(elsewhere.status, 202);
    await elsewhere.body?.cancel();
    assert.equal((await other.socket.closed).code, 4005);
  },
});

Deno.test({
  name: "B501, P134: to mute and to move is for the peer's own server, and what is muted there is known at the others",
  permissions: PERMISSIONS,
  async fn() {
    const network = new MemoryBrokerNetwork();
    await using first = openAt(network);
    await using second = openAt(network);
    const [ada, ben] = [await first.join(), await second.join()];
    ada.socket.send({ type: "offer", sdp: OFFER });
    const { track: { id: trackId } } = await ben.socket.receive("trackPublished");
    for (
      const [method, path, body] of [
        ["PUT", `tracks/${trackId}/muted`, { muted: true }],
        ["POST", "move", { roomId: "office" }],
      ] as const
    ) {
      const refused = await second.ask(method, `rooms/room/peers/${ada.id}/${path}`, body);
      assert.deepEqual([refused.status, (await refused.json()).code], [409, "elsewhere"]);
    }
    const muted = await first.ask("PUT", `rooms/room/peers/${ada.id}/tracks/${trackId}/muted`, { muted: true });
    assert.deepEqual([muted.status, await muted.json()], [200, { muted: true }]);
    await ben.socket.receive("trackMuted", ({ trackId: told, muted }) => told === trackId && muted);
    assert.equal((await ada.socket.receive("trackMuted")).mid, "0");
    const { members } = await second.read("rooms/room");
    assert.equal(members.find(({ id }: { id: string }) => id === ada.id).tracks[0].muted, true);
    const moved = await first.ask("POST", `rooms/room/peers/${ada.id}/move`, { roomId: "office" });
    assert.equal(moved.status, 202);
    await moved.body?.cancel();
    assert.equal((await ada.socket.closed).code, 4006);
    await ben.socket.receive("peerLeft");
    await ben.socket.close();
  },
});

Deno.test({
  name: "B496, B503: a server that logs nothing logs what is asked for while it runs, and then nothing again",
  permissions: SERVER_PERMISSIONS,
  async fn() {
    const server = await ServerProcess.start({ flags: [`--auth-secret=${SECRET}`], log: "off" });
    try {
      const headers = { "Authorization": `Bearer ${await adminToken()}`, "Content-Type": "application/json" };
      for (const filter of ["switchboard.http=info", "off"]) {
        const response = await fetch(`${server.url}/api/log`, {
          method: "PUT",
          headers,
          body: JSON.stringify({ filter }),
        });
        assert.deepEqual(await response.json(), { filter });
      }
    } finally {
      await server.stop();
    }
    assert.deepEqual([...server.log.matchAll(/administers: (.*: \d+)/g)].map(([, what]) => what), [
      "PUT /api/log: 200",
    ]);
  },
});
