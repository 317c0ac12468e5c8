import assert from "node:assert/strict";
import type { ServerMessage } from "../../src/signaling/messages.ts";
import { buildOffer, type OfferLine } from "../harness/offer_builder.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PEERS = 100;
const SLOTS = { audio: 8, video: 25 };

/** What a peer of a large room offers: its own sound and picture, and slots for those of the others. */
const PUBLISHED: readonly OfferLine[] = [
  { mid: "a", kind: "audio", direction: "sendonly", ssrc: 1, msid: "s a" },
  { mid: "v", kind: "video", direction: "sendonly", ssrc: 2, msid: "s v" },
];
const RECEIVED: readonly OfferLine[] = (["audio", "video"] as const).flatMap((kind) =>
  Array.from(
    { length: SLOTS[kind] },
    (_, index): OfferLine => ({ mid: `${kind}${index}`, kind, direction: "recvonly" }),
  )
);
const OFFER = {
  type: "offer",
  id: 1,
  sdp: buildOffer([...PUBLISHED, ...RECEIVED]),
  tracks: RECEIVED.map(({ mid }) => ({ mid, slot: true as const })),
} as const;

async function joinWithSlots(url: string): Promise<SignalingSocket> {
  const socket = await SignalingSocket.open(url);
  socket.send({ type: "join", roomId: "hall" });
  socket.send(OFFER);
  await socket.receive("slots");
  // The last that an offer brings.
  await socket.receive("iceCandidate");
  return socket;
}

/** What came since, and how long it was as text. */
function since({ messages }: SignalingSocket, from: number): { types: string[]; bytes: number } {
  const later = messages.entries.slice(from);
  return {
    types: later.map(({ type }) => type),
    bytes: later.reduce((sum, message) => sum + JSON.stringify(message).length, 0),
  };
}

/** Whether `quality` has named each video that is in a slot. */
function knowsQuality(socket: SignalingSocket): boolean {
  const slots = new Map(
    socket.received("slots").flatMap(({ slots }) => slots).map(({ mid, trackId }) => [mid, trackId]),
  );
  const told = new Set(socket.received("quality").flatMap(({ tracks }) => tracks.map(({ trackId }) => trackId)));
  return [...slots].every(([mid, trackId]) => !mid.startsWith("video") || trackId === undefined || told.has(trackId));
}

function isFilled(message: ServerMessage, trackId: string): boolean {
  return message.type === "slots" && message.slots.some((slot) => slot.trackId === trackId);
}

Deno.test({
  name:
    "P109: in a room of 100 with slots a join costs each other peer no offer, and less than 2 kB of signaling in all",
  permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
  sanitizeOps: true,
  sanitizeResources: false,
  async fn() {
    const server = await ServerProcess.start({ flags: ["--host=127.0.0.1"], log: "switchboard=info" });
    const sockets: SignalingSocket[] = [];
    try {
      const url = `ws://127.0.0.1:${server.port}/ws`;
      for (let i = 1; i < PEERS; i++) sockets.push(await joinWithSlots(url));
      const before = sockets.map(({ messages }) => messages.entries.length);
      // What those who came before are still told of the last ones, to be told apart from what is measured.
      for (const [index, socket] of sockets.entries()) {
        const tracks = 2 * (PEERS - 2 - index);
        await socket.messages.find(() => socket.received("trackPublished").length >= tracks, `${tracks} tracks`);
        await socket.messages.find(() => knowsQuality(socket), "the quality of all");
        before[index] = socket.messages.entries.length;
      }

      await using joiner = await WeriftClient.join(url, "hall", { name: "Somebody with a name that is not short" });
      for (const source of ["microphone", "camera", "screen", "screenAudio"] as const) {
        joiner.publish(source === "microphone" || source === "screenAudio" ? "audio" : "video", source);
      }
      await joiner.connect();
      const costs = await Promise.all(sockets.map(async (socket, index) => {
        const { track } = await socket.receive(
          "trackPublished",
          ({ peerId, track }) => peerId === joiner.id && track.source === "screen",
        );
        await socket.messages.find((message) => isFilled(message, track.id), "the screen in a slot");
        await socket.receive("quality", ({ tracks }) => tracks.some(({ trackId }) => trackId === track.id));
        return since(socket, before[index]);
      }));

      const most = Math.max(...costs.map(({ bytes }) => bytes));
      const least = Math.min(...costs.map(({ bytes }) => bytes));
      assert.ok(most < 2000, `${most} bytes`);
      // peerJoined and four tracks are 600 bytes and more.
      assert.ok(least > 500, `${least} bytes`);
      const types = new Set(costs.flatMap(({ types }) => types));
      assert.deepEqual([...types].sort(), ["peerJoined", "quality", "slots", "trackPublished"]);
      for (const socket of sockets) assert.equal(socket.received("answer").length, 1);
    } finally {
      await Promise.all(sockets.map((socket) => socket.close()));
      assert.equal(await server.stop(), 0, server.log);
    }
  },
});
