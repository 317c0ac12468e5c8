import assert from "node:assert/strict";
import { isKeyFrame } from "../harness/media_source.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { WeriftClient } from "../harness/werift_client.ts";
import { WITH_WRTC, WrtcClient, type WrtcEvent } from "../harness/wrtc_client.ts";

/** What the client publishes; see tests/interop/wrtc_client.js. */
const [WIDTH, HEIGHT] = [320, 240];
const BRIGHTNESS = [60, 128, 200];
const TONE_HERTZ = 440;
/** What encoders may change. */
const BRIGHTNESS_TOLERANCE = 12;
const TONE_TOLERANCE = 20;
const PACKETS = 100;
/** Of libwebrtc, which starts slowly on a busy machine. */
const DEADLINE_MS = 30_000;

function isPicture(brightness: number): (event: WrtcEvent) => boolean {
  return (event) =>
    event.kind === "video" && event.width === WIDTH && event.height === HEIGHT &&
    Math.abs(event.brightness - brightness) <= BRIGHTNESS_TOLERANCE;
}

function isTone(event: WrtcEvent): boolean {
  return event.kind === "audio" && Math.abs(event.hertz - TONE_HERTZ) <= TONE_TOLERANCE;
}

/** Receives both tracks that another peer has published, or publishes yet. */
async function subscribe(client: WeriftClient) {
  const [audio, video] = await Promise.all((["audio", "video"] as const).map(async (kind) => {
    const { track } = await client.signaling.receive("trackPublished", ({ track }) => track.kind === kind, DEADLINE_MS);
    return client.subscribe(kind, track.id);
  }));
  return { audio, video };
}

function test(sentence: string, fn: (server: ServerProcess) => Promise<void>): void {
  for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
    Deno.test({
      name: `${sentence} (${name})`,
      permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"], run: WITH_WRTC.run },
      ignore: ignore || WITH_WRTC.ignore,
      sanitizeOps: true,
      sanitizeResources: true,
      async fn() {
        const server = await ServerProcess.start({ ...setup, flags: [...(setup.flags ?? []), "--announce=127.0.0.1"] });
        try {
          await fn(server);
        } finally {
          assert.equal(await server.stop(), 0, server.log);
        }
      },
    });
  }
}

test("libwebrtc publishes over a WebSocket, and plays its own picture and tone that another peer sends back", async (server) => {
  const url = `ws://127.0.0.1:${server.port}/ws`;
  await using echo = await WeriftClient.join(url, "room");
  await using client = new WrtcClient(url, "room");
  const { audio, video } = await subscribe(echo);
  const [sound, picture] = [echo.publish("audio"), echo.publish("video")];
  await echo.connect();
  echo.echo(audio, sound);
  echo.echo(video, picture);
  await echo.requestKeyFrame(echo.sectionOf(video).ssrc ?? 0);
  for (const brightness of BRIGHTNESS) {
    await client.events.find(isPicture(brightness), `a picture of brightness ${brightness}`, DEADLINE_MS);
  }
  await client.events.find(isTone, "the tone", DEADLINE_MS);
  assert.deepEqual(client.events.entries.filter(({ kind }) => kind === "error"), []);
});

test("libwebrtc publishes by WHIP, and another peer gets packets of both tracks", async (server) => {
  await using player = await WeriftClient.join(`ws://127.0.0.1:${server.port}/ws`, "room");
  await using _client = new WrtcClient(`http://127.0.0.1:${server.port}/whip/room`);
  const { audio, video } = await subscribe(player);
  await player.connect();
  await player.streamOf(audio).reach(PACKETS, "packet of sound", DEADLINE_MS);
  const pictures = player.streamOf(video);
  await pictures.reach(PACKETS, "packet of pictures", DEADLINE_MS);
  assert.ok(isKeyFrame(pictures.entries[0]));
});
