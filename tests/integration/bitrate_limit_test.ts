import assert from "node:assert/strict";
import { MediaSource } from "../harness/media_source.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const LIMIT = 400_000;
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
    async fn() {
      const flags = [...(setup.flags ?? []), "--host=127.0.0.1", `--max-bitrate-in=${LIMIT}`];
      const server = await ServerProcess.start({ ...setup, flags });
      try {
        await expectLimited(server);
      } finally {
        assert.equal(await server.stop(), 0, server.log);
      }
    },
  });
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
