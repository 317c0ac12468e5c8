import assert from "node:assert/strict";
import { SdkWorld } from "../harness/sdk_world.ts";

const SDK = new URL("../../static/sdk/", import.meta.url);

/** As much of the SDK's Qualities as is used here; its own types are the browser's. */
interface SdkQualities {
  hasSaid(trackId: string): boolean;
  say(trackId: string, wanted: object): void;
  observe(trackId: string, element: object): () => void;
  forget(trackId: string): void;
  resume(): void;
  close(): void;
}

/** What an element of a page, always in sight, is observed by. */
function fakeElements(): Disposable {
  class Observer {
    observe() {}
    disconnect() {}
  }
  const globals = {
    ResizeObserver: Observer,
    IntersectionObserver: Observer,
    HTMLVideoElement: class {},
    document: Object.assign(new EventTarget(), { hidden: false, pictureInPictureElement: null }),
    devicePixelRatio: 1,
  };
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true });
  }
  return {
    [Symbol.dispose]() {
      for (const name of Object.keys(globals)) Reflect.deleteProperty(globalThis, name);
    },
  };
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
  name: "P4, P93: of 300 tracks that change with each frame less is told than the server takes, and at last the newest",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { qualities, sent } = await open();
    let tokens = 200;
    let width = 0;
    const frame = async (ids: number) => {
      width++;
      for (let i = 0; i < ids; i++) qualities.say(`track ${i}`, { width });
      const before = sent.length;
      await world.advance(20);
      tokens = Math.min(200, tokens + 1) - (sent.length - before);
      assert.ok(tokens >= 100, `${tokens} left of 200 at ${world.clock.now()} ms`);
    };
    for (let frames = 0; frames < 500; frames++) await frame(300);
    for (let frames = 0; frames < 500; frames++) await frame(25);
    await world.advance(20_000);
    const newest = new Map(sent.map((message) => [Reflect.get(message, "trackId"), Reflect.get(message, "width")]));
    assert.deepEqual([newest.size, newest.get("track 0"), newest.get("track 24")], [300, width, width]);
    assert.ok(newest.get("track 299") <= 500);
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P90: what an element shows is told, its end as well, unless the track has ended before",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    using _elements = fakeElements();
    const { qualities, sent } = await open();
    const element = Object.assign(new EventTarget(), { clientWidth: 320, clientHeight: 180 });
    const end = qualities.observe("a", element);
    await world.advance(300);
    assert.deepEqual(sent.splice(0), [{ type: "setQuality", trackId: "a", width: 320, height: 180 }]);
    end();
    await world.advance(300);
    assert.deepEqual(sent.splice(0), [{ type: "setQuality", trackId: "a" }], "all there is");
    const endLate = qualities.observe("a", element);
    await world.advance(300);
    qualities.forget("a");
    sent.length = 0;
    endLate();
    assert.equal(world.clock.pendingCount, 0);
    assert.deepEqual([sent, qualities.hasSaid("a")], [[], false]);
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
    qualities.say("b", {});
    qualities.resume();
    await world.advance(300);
    assert.deepEqual(
      sent.splice(0),
      [{ type: "setQuality", trackId: "b" }],
      "the server may not know of the unpinning",
    );
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
