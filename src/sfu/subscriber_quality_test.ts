import assert from "node:assert/strict";
import { cameraLayers } from "../../tests/harness/layers.ts";
import { FakeConsumer, QualityScene as Scene } from "../../tests/harness/quality_scene.ts";
import { CALM_LOOK_MS, LOOK_MS } from "./subscriber_quality.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("B341: what began does so although it does not fit, and one video for 3 s after the first feedback", () => {
  const single = () => cameraLayers([900_000]).slice(-1);
  const video = new FakeConsumer("1", "video", single());
  const scene = new Scene();
  scene.add(video);
  assert.equal(video.state, "sends 0/Infinity");
  scene.run(10_000);
  scene.hear(300, 2_900);
  assert.equal(video.state, "sends 0/Infinity");
  scene.hear(300, 3_500);
  assert.equal(video.state, "paused", "kept for 3 s more (B337)");
  scene.hear(2_500, 12_000);
  assert.equal(video.state, "sends 0/Infinity");
});

test("B341: with nothing known the first layers of four videos begin, and the rest waits for what feedback tells", () => {
  const consumers = Array.from(
    { length: 7 },
    (_, i) => new FakeConsumer(`${i}`, "video", cameraLayers([200_000]).slice(-1)),
  );
  const scene = new Scene();
  scene.add(...consumers);
  const begun = () => consumers.filter(({ state }) => state.startsWith("sends")).length;
  assert.equal(begun(), 4);
  scene.hear(2_500, 12_000);
  assert.equal(begun(), 7);
});

test("B336: on another way nothing waits for what was in vain on the one before: what was paused begins at once", () => {
  const video = new FakeConsumer("1");
  const scene = new Scene();
  scene.add(video);
  scene.hear(700, 30_000);
  scene.hear(30, 6_000);
  assert.equal(video.state, "paused");
  scene.hear(700, 500);
  assert.equal(video.state, "paused", "it waits");
  scene.quality.handleRouteChange();
  scene.run(LOOK_MS);
  assert.match(video.state, /^sends/);
});

test("B341: by losses alone first layers are sent, and what is sent counts as carried where it arrives", () => {
  const consumers = ["1", "2"].map((mid) => new FakeConsumer(mid));
  for (const consumer of consumers) consumer.numbersPackets = false;
  const scene = new Scene();
  scene.bandwidth.bitsPerSecond = 30_000;
  scene.add(...consumers);
  assert.deepEqual(consumers.map(({ state }) => state), ["sends 0/0", "sends 0/0"]);
  for (let n = 0; n < 20; n++) {
    for (const consumer of consumers) consumer.bytesSent += 11_000;
    scene.run(LOOK_MS);
  }
  assert.deepEqual(consumers.map(({ state }) => state), ["sends 0/Infinity", "sends 0/Infinity"], "352 kbit/s arrive");
  scene.roundTripMs = 60;
  scene.run(LOOK_MS);
  assert.deepEqual(
    consumers.map(({ state }) => state),
    ["sends 0/0", "sends 0/0"],
    "they wait on the way, as reports tell",
  );
  scene.roundTripMs = 12;
  for (let n = 0; n < 40; n++) {
    for (const consumer of consumers) consumer.bytesSent += 11_000;
    scene.run(LOOK_MS);
  }
  assert.deepEqual(consumers.map(({ state }) => state), ["sends 0/Infinity", "sends 0/Infinity"]);
  scene.bandwidth.lossFraction = 0.03;
  scene.run(LOOK_MS);
  assert.deepEqual(consumers.map(({ state }) => state), ["sends 0/0", "sends 0/0"]);
  scene.bandwidth.limitedBy = "remb";
  scene.run(4_000);
  assert.deepEqual(consumers.map(({ state }) => state), ["paused", "paused"], "what the subscriber says itself counts");
});

test("B341: what arrives without loss and without a queue is carried, whatever the estimate says; what waits is not", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene();
  scene.bandwidth.roundTripMs = 50;
  scene.add(consumer);
  const send = (kilobits: number, estimate: number, ms: number) => {
    for (const endMs = scene.nowMs + ms; scene.nowMs < endMs;) {
      consumer.bytesSent += kilobits * LOOK_MS / 8;
      scene.hear(estimate, LOOK_MS);
    }
  };
  send(500, 600, 10_000);
  assert.equal(consumer.state, "sends 1/Infinity");
  send(500, 100, 10_000);
  assert.equal(consumer.state, "sends 1/Infinity", "500 kbit/s arrive");
  scene.bandwidth.roundTripMs = 85;
  send(500, 100, 1_000);
  assert.equal(consumer.state, "sends 1/Infinity");
  scene.bandwidth.roundTripMs = 120;
  send(500, 100, 1_000);
  assert.equal(consumer.state, "sends 0/1", "they wait on the way");
});

test("B341: what its publisher does not send keeps its layers, and so it does for 2 s after it goes on", () => {
  const consumer = new FakeConsumer("1");
  consumer.trickles = false;
  const scene = new Scene();
  scene.add(consumer);
  const send = (kilobits: number, ms: number) => {
    for (const endMs = scene.nowMs + ms; scene.nowMs < endMs;) {
      consumer.bytesSent += kilobits * LOOK_MS / 8;
      scene.hear(300, LOOK_MS);
    }
  };
  scene.hear(3_000, 10_000);
  send(2_000, 5_000);
  scene.run(60_000);
  assert.equal(consumer.state, "sends 2/Infinity");
  send(2_000, 10_000);
  assert.equal(consumer.state, "sends 2/Infinity", "all of it arrives");
  scene.run(5_000);
  scene.bandwidth.lossFraction = 0.05;
  send(2_000, LOOK_MS);
  assert.equal(consumer.state, "sends 0/Infinity", "not all of it does");
  scene.bandwidth.lossFraction = 0;
  scene.run(60_000);
  assert.equal(consumer.state, "sends 0/Infinity", "where nothing is sent nothing shows that more would arrive");
});

test("B342: an estimate that falls is acted on with the feedback, one that trembles twice a second", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene();
  scene.add(consumer);
  scene.hear(5_000, 5_000);
  assert.equal(consumer.state, "sends 2/Infinity");
  scene.nowMs += 110;
  scene.hear(1_900);
  assert.equal(consumer.state, "sends 1/Infinity");
  scene.nowMs += 50;
  scene.hear(100);
  assert.equal(consumer.state, "sends 1/Infinity", "not twice in 100 ms");
  scene.run(LOOK_MS);
  assert.equal(consumer.state, "sends 0/1");
  assert.equal(scene.bandwidth.wanted, 2_000_000);
});

test("B342: all are looked at twice a second, by turns", () => {
  const scenes = Array.from({ length: 8 }, (_, phase) => new Scene(undefined, phase));
  const times = scenes.map((scene) => {
    scene.add(new FakeConsumer("1"));
    return [0, 1, 2].map(() => {
      const nextMs = scene.quality.nextTimeout();
      scene.run(nextMs - scene.nowMs);
      return nextMs;
    });
  });
  assert.deepEqual(times.slice(0, 4), [[500, 1000, 1500], [125, 625, 1125], [250, 750, 1250], [375, 875, 1375]]);
  assert.deepEqual(times.slice(4), times.slice(0, 4));
});

test("B342: who is sent all that is wanted, with room for more, is looked at once a second, by turns", () => {
  const scenes = Array.from({ length: 4 }, (_, phase) => new Scene(undefined, phase));
  const intervals = scenes.map((scene) => {
    scene.add(new FakeConsumer("1"));
    scene.hear(9_000, 12_000);
    const nextMs = scene.quality.nextTimeout();
    scene.run(nextMs - scene.nowMs);
    assert.equal(scene.quality.nextTimeout() - nextMs, CALM_LOOK_MS);
    return nextMs % CALM_LOOK_MS;
  });
  assert.deepEqual(intervals, [0, 250, 500, 750]);
  const [scene] = scenes;
  scene.run(LOOK_MS);
  scene.hear(1_000);
  assert.equal(scene.quality.nextTimeout() - scene.nowMs, LOOK_MS, "less than all fits");
});

test("B342: nothing is looked at for who receives nothing", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene();
  assert.equal(scene.quality.nextTimeout(), Infinity);
  scene.add(consumer);
  assert.equal(scene.quality.nextTimeout(), LOOK_MS);
  scene.quality.remove(consumer);
  assert.equal(scene.quality.nextTimeout(), Infinity);
  scene.quality.handleFeedback(1_000);
});

test("B330, B341: sound goes on whatever the estimate says, unless it is off; its rate is taken off for videos", () => {
  const [sound, video] = [new FakeConsumer("1", "audio"), new FakeConsumer("2")];
  const scene = new Scene();
  scene.add(sound, video);
  for (let n = 0; n < 30; n++) {
    sound.bytesSent += 6_250;
    scene.hear(140, LOOK_MS);
  }
  assert.deepEqual([sound.state, video.state], ["sends", "paused"], "100 kbit/s of sound leave 40");
  scene.want("track 1", { off: true });
  assert.equal(sound.state, "paused");
  scene.want("track 1", {});
  assert.equal(sound.state, "sends");
});

test("P90, P94: what is wanted is had, and who says nothing wants all there is", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene();
  scene.add(consumer);
  scene.hear(9_000, 6_000);
  assert.equal(consumer.state, "sends 2/Infinity");
  scene.want("track 1", { width: 320, height: 180, fps: 15 });
  assert.equal(consumer.state, "sends 0/1");
  scene.want("track 1", { off: true });
  assert.equal(consumer.state, "paused");
  const nextMs = scene.quality.nextTimeout();
  scene.quality.handleWanted("another track", scene.nowMs);
  assert.equal(scene.quality.nextTimeout(), nextMs);
});

test("B342: however many tracks come at the same time, and however often something else is wanted, looks are few", () => {
  const consumers = Array.from({ length: 30 }, (_, index) => new FakeConsumer(String(index)));
  const scene = new Scene();
  for (const consumer of consumers) scene.quality.add(consumer, scene.nowMs);
  assert.equal(scene.bandwidth.looks, 0);
  scene.tick();
  assert.equal(scene.bandwidth.looks, 1);
  assert.equal(scene.bandwidth.wanted, 30 * 2_000_000);
  for (let n = 0; n < 1000; n++) {
    scene.wanted.set("track 1", { width: 100 + n });
    scene.quality.handleWanted("track 1", scene.nowMs);
    if (n % 25 === 24) scene.run(25);
  }
  assert.ok(scene.bandwidth.looks >= 10 && scene.bandwidth.looks <= 12, `${scene.bandwidth.looks} in a second`);
});

test("B62, B342: where the way is open what waits begins without the tick, and what begins asks for its picture", () => {
  const [first, second] = [new FakeConsumer("1"), new FakeConsumer("2")];
  const scene = new Scene();
  scene.quality.add(first, scene.nowMs);
  scene.quality.handleOpen(scene.nowMs);
  assert.deepEqual([first.state, first.asked], ["sends 0/Infinity", 1]);
  scene.hear(9_000, 6_000);
  scene.add(second);
  assert.equal(second.asked, 1);
});

test("B336: what a slot's track has lost the next one in it does not wait for", () => {
  const [before, after] = [new FakeConsumer("1"), new FakeConsumer("1", "video", cameraLayers(), "another track")];
  const scene = new Scene();
  scene.add(before);
  scene.hear(5_000, 20_000);
  scene.hear(40, 6_000);
  assert.equal(before.state, "paused");
  scene.hear(200, 500);
  assert.equal(before.state, "paused", "it waits to get better");
  scene.quality.remove(before);
  scene.add(after);
  scene.run(100);
  assert.equal(after.state, "sends 0/Infinity");
});

test("B340: of a track of which nothing comes the lowest encoding is waited for", () => {
  const consumer = new FakeConsumer("1", "video", []);
  const scene = new Scene();
  scene.add(consumer);
  assert.equal(consumer.state, "sends 0/Infinity");
});

test("P91: it is told what is given and why, once a second at most, and only where it changes", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene();
  scene.add(consumer);
  scene.hear(480, 10_000);
  assert.deepEqual(scene.reports.map(({ limitedBy }) => limitedBy), ["start", "delay"]);
  assert.deepEqual(scene.reports.at(-1), {
    bitrate: 480_000,
    loss: 0,
    roundTrip: 12,
    limitedBy: "delay",
    tracks: [{
      trackId: "track 1",
      state: "sent",
      width: 320,
      height: 180,
      fps: 30,
      rid: "q",
      bitrate: 240,
      reason: "layer q: estimate 480 kbit/s, h needs 500",
    }],
  });
  for (let n = 0; n < 40; n++) scene.hear(n % 6 < 3 ? 150 : 400, 250);
  assert.ok(scene.reports.length > 4 && scene.reports.length <= 12, `${scene.reports.length} in 10 s`);
});

test("B246: a limit of the server bounds the estimate, and is named where it decides", () => {
  const consumer = new FakeConsumer("1");
  const scene = new Scene(600_000);
  scene.add(consumer);
  scene.hear(9_000, 6_000);
  assert.equal(consumer.state, "sends 1/Infinity");
  const { bitrate, limitedBy, tracks } = scene.reports.at(-1) ?? {};
  assert.deepEqual([bitrate, limitedBy], [600_000, "server"]);
  assert.equal(tracks?.[0].reason, "layer h: limit of the server 600 kbit/s, f needs 2000");
});
