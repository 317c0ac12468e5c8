import assert from "node:assert/strict";
import { SdkWorld } from "../harness/sdk_world.ts";

const SDK = new URL("../../static/sdk/", import.meta.url);

/** As much of the SDK's Qualities as is used here; its own types are the browser's. */
interface SdkQualities {
  say(trackId: string, wanted: object): void;
  forget(trackId: string): void;
  resume(): void;
  close(): void;
}

async function open() {
  const sent: object[] = [];
  const { Qualities } = await import(new URL("qualities.js", SDK).href);
  const qualities: SdkQualities = new Qualities((message: object) => sent.push(message));
  return { qualities, sent };
}

Deno.test({
  name: "P90, P93: what is said of a track within 200 ms is told once, and what changes nothing is not told",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { qualities, sent } = await open();
    qualities.say("a", {});
    qualities.say("b", { width: 100, height: 100 });
    await world.advance(100);
    for (let width = 300; width < 400; width += 10) qualities.say("b", { width, height: 200 });
    assert.deepEqual(sent, []);
    await world.advance(150);
    assert.deepEqual(
      sent.splice(0),
      [{ type: "setQuality", trackId: "b", width: 390, height: 200 }],
      "all is wanted of a",
    );
    qualities.say("b", { width: 390, height: 200 });
    await world.advance(1_000);
    assert.deepEqual(sent, []);
    qualities.say("b", {});
    await world.advance(300);
    assert.deepEqual(sent, [{ type: "setQuality", trackId: "b" }]);
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P90: after a resume what is wanted is told again, but of tracks that are over nothing is",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { qualities, sent } = await open();
    qualities.say("a", { off: true });
    qualities.say("b", { pinned: true });
    await world.advance(300);
    sent.length = 0;
    qualities.forget("a");
    qualities.resume();
    await world.advance(300);
    assert.deepEqual(sent.splice(0), [{ type: "setQuality", trackId: "b", pinned: true }]);
    qualities.say("b", { pinned: false });
    qualities.close();
    await world.advance(1_000);
    assert.deepEqual(sent, []);
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P91: the SDK knows of each track what was told last, until it arrives no more or messages may be lost",
  permissions: "none",
  async fn() {
    const { KnownQuality } = await import(new URL("known_quality.js", SDK).href);
    const known = new KnownQuality();
    assert.equal(known.all, null);
    known.forget("a");
    const track = (trackId: string, state = "sent") => ({ trackId, state, reason: "because" });
    known.update({ bitrate: 1, loss: 0.1, limitedBy: "loss", tracks: [track("a"), track("b")] });
    const all = known.update({ bitrate: 2, limitedBy: "delay", tracks: [track("b", "paused"), track("c")] });
    assert.deepEqual(all, { bitrate: 2, limitedBy: "delay", tracks: [track("a"), track("b", "paused"), track("c")] });
    known.forget("a");
    assert.deepEqual(known.all.tracks, [track("b", "paused"), track("c")]);
    known.resume();
    assert.deepEqual(known.all, { bitrate: 2, limitedBy: "delay", tracks: [] });
  },
});
