import assert from "node:assert/strict";
import type { ServerMessage } from "../../src/signaling/messages.ts";
import { MediaSource } from "../harness/media_source.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "../harness/server.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const LIMIT = 400_000;
/** Of what a peer is sent: sound, and the few packets of the other call, are less within its two seconds' worth. */
const LIMIT_OUT = 800_000;
/** Beyond that the test gives up. */
const MAX_PACKETS = 100_000;
/** Bytes that may come at once where that is more than two seconds' worth. */
const BURST = 128 * 1024;
/** Twice the burst, by packets of half a kilobyte on average. */
const PACKETS = 600;
/** Packets between two looks at what the server says. */
const STEP = 20;

for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
  Deno.test({
    name:
      `P83, B245: who sends more than the limit is told, loses what is beyond it, and another call loses nothing (${name})`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
    ignore,
    sanitizeOps: true,
    // The HTTP client's connection to /healthz stays open.
    sanitizeResources: false,
    fn: () => withServer(setup, `--max-bitrate-in=${LIMIT}`, expectLimited),
  });

  Deno.test({
    name: `P85, B246: who is sent more than the limit is told which track is paused, and hears on (${name})`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
    ignore,
    sanitizeOps: true,
    sanitizeResources: false,
    fn: () => withServer(setup, `--max-bitrate-out=${LIMIT_OUT}`, expectPaused),
  });
}

async function withServer(
  setup: ServerSetup,
  flag: string,
  fn: (server: ServerProcess) => Promise<void>,
): Promise<void> {
  const server = await ServerProcess.start({ ...setup, flags: [...(setup.flags ?? []), "--host=127.0.0.1", flag] });
  try {
    await fn(server);
  } finally {
    assert.equal(await server.stop(), 0, server.log);
  }
}

/** Sends pictures until one who receives them, and sound besides, is told that they are too much. */
async function expectPaused(server: ServerProcess): Promise<void> {
  const url = `ws://127.0.0.1:${server.port}/ws`;
  await using call = await Neighbours.meet(url, "call");
  await using speaker = await WeriftClient.join(url, "room");
  const [camera, microphone] = [speaker.publish("video"), speaker.publish("audio")];
  const [pictures, sound] = [new MediaSource(speaker, camera), new MediaSource(speaker, microphone)];
  await speaker.connect();
  await using listener = await WeriftClient.join(url, "room");
  const [seen, heard] = [listener.subscribe("video"), listener.subscribe("audio")];
  await listener.connect();
  await pictures.begin(listener.streamOf(seen));
  await sound.begin(listener.streamOf(heard));

  const pausedIn = ({ tracks }: Extract<ServerMessage, { type: "quality" }>) =>
    tracks.find(({ state }) => state === "paused");
  while (!listener.signaling.received("quality").some(pausedIn)) {
    assert.ok(pictures.sent.length < MAX_PACKETS, "nothing is paused");
    await pictures.send(STEP);
    // The server's clock goes on meanwhile.
    await server.health();
  }
  const trackId = pausedIn(await listener.signaling.receive("quality", (quality) => pausedIn(quality) !== undefined))
    ?.trackId;
  const { tracks } = listener.welcome.peers[0];
  assert.equal(tracks.find(({ id }) => id === trackId)?.kind, "video");
  await pictures.send(STEP);
  await sound.flow(listener.streamOf(heard), STEP);
  const came = listener.streamOf(seen).entries.length;
  await pictures.send(STEP);
  await sound.flow(listener.streamOf(heard), STEP);
  assert.equal(listener.streamOf(seen).entries.length, came, "no picture more");
  await call.assertUndisturbed();
  assert.deepEqual(speaker.signaling.received("error"), []);
}

async function expectLimited(server: ServerProcess): Promise<void> {
  const url = `ws://127.0.0.1:${server.port}/ws`;
  await using call = await Neighbours.meet(url, "call");
  await using loud = await WeriftClient.join(url, "room");
  const source = new MediaSource(loud, loud.publish("video"));
  await loud.connect();
  assert.match(loud.answer, /^b=TIAS:360000\r$/m, "the browser is told");
  await using listener = await WeriftClient.join(url, "room");
  const subscription = listener.subscribe("video");
  await listener.connect();
  const stream = listener.streamOf(subscription);
  const beganMs = performance.now();
  await source.begin(stream);
  await source.flow(stream, STEP);

  while (source.sent.length < PACKETS) {
    await source.send(STEP);
    await server.health();
  }
  const { message } = await loud.signaling.receive("error", ({ code }) => code === "bitrate-exceeded");
  assert.match(message, new RegExp(`^more than ${LIMIT} bit/s`));
  await call.assertUndisturbed();
  const bytes = stream.entries.reduce((sum, { payload }) => sum + payload.length, 0);
  const sent = source.sent.reduce((sum, { length }) => sum + length, 0);
  const allowed = BURST + LIMIT / 8 * ((performance.now() - beganMs) / 1000);
  assert.ok(sent > 2 * BURST && bytes <= allowed, `${bytes} of ${sent} bytes came, ${allowed} are allowed`);
  assert.equal(loud.signaling.received("error").length, 1);
  assert.equal(loud.connection.connectionState, "connected");
  const { refusals } = await server.health();
  assert.equal(Object(refusals)["bitrate-exceeded"], 1);
}
