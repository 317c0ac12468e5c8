import assert from "node:assert/strict";
import { CHECK_MS, type LimitedConsumer, MAX_PAUSE_MS, MIN_PAUSE_MS, SendLimit } from "./send_limit.ts";
import type { Kind } from "./types.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

class FakeConsumer implements LimitedConsumer {
  bytesSent = 0;
  paused = false;
  /** Bytes per second while it is not paused. */
  rate: number;

  constructor(readonly kind: Kind, bitsPerSecond: number) {
    this.rate = bitsPerSecond / 8;
  }

  pause(): void {
    assert.equal(this.paused, false);
    this.paused = true;
  }

  resume(): void {
    assert.equal(this.paused, true);
    this.paused = false;
  }
}

/** One peer's consumers under a limit, and what was paused when. */
class Scene {
  readonly consumers: FakeConsumer[];
  readonly paused: FakeConsumer[] = [];
  readonly limit: SendLimit<FakeConsumer>;
  nowMs = 0;

  constructor(bitsPerSecond: number, ...consumers: FakeConsumer[]) {
    this.limit = new SendLimit(bitsPerSecond);
    this.consumers = consumers;
    this.#check();
  }

  /** The peer takes another track. */
  take(consumer: FakeConsumer): void {
    this.consumers.push(consumer);
    this.limit.checkSoon();
    this.nowMs++;
    this.#check();
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += CHECK_MS;
      for (const consumer of this.consumers) {
        if (!consumer.paused) consumer.bytesSent = (consumer.bytesSent + consumer.rate * CHECK_MS / 1000) | 0;
      }
      this.#check();
    }
  }

  #check(): void {
    assert.ok(this.nowMs >= this.limit.nextCheckMs);
    this.paused.push(...this.limit.check(this.consumers, this.nowMs));
  }
}

const sound = () => new FakeConsumer("audio", 100_000);
const video = (bitsPerSecond: number) => new FakeConsumer("video", bitsPerSecond);

test("B246: what fits is never paused, nor a burst of two seconds' worth", () => {
  const scene = new Scene(1_000_000, sound(), video(500_000), video(400_000));
  scene.run(60_000);
  scene.consumers[1].bytesSent += 240_000;
  scene.run(60_000);
  assert.deepEqual(scene.paused, []);
});

test("B246: of what is too much the newest videos are paused, one after the other until the rest fits; sound never is", () => {
  const scene = new Scene(1_000_000, video(800_000), video(700_000), video(900_000), sound());
  const [first, second, third] = scene.consumers;
  scene.run(6_000);
  assert.deepEqual(scene.paused, [third, second]);
  scene.run(MIN_PAUSE_MS);
  assert.deepEqual(scene.consumers.map(({ paused }) => paused), [false, true, true, false]);
  assert.equal(first.paused, false);
  const quiet = new Scene(10_000, sound());
  quiet.run(60_000);
  assert.deepEqual(quiet.paused, [], "sound alone");
});

test("B246: a paused video goes on where it fits again, 5 s later at the earliest, the one that was taken first before others", () => {
  const scene = new Scene(1_000_000, video(900_000), video(500_000), video(300_000));
  const [first, second, third] = scene.consumers;
  scene.run(20_000);
  assert.deepEqual(scene.paused, [third, second]);
  first.rate = 200_000 / 8;
  scene.run(1_000);
  assert.deepEqual([second.paused, third.paused], [false, true]);
  scene.run(CHECK_MS);
  assert.deepEqual([second.paused, third.paused], [false, false]);
  scene.run(60_000);
  assert.equal(scene.paused.length, 2);
});

test("B246: a video that does not fit is tried again after a minute", () => {
  const scene = new Scene(1_000_000, video(2_000_000));
  scene.run(3_000);
  const [only] = scene.consumers;
  assert.deepEqual([scene.paused.length, only.paused], [1, true]);
  const pausedMs = scene.nowMs;
  scene.run(MAX_PAUSE_MS - 1_000);
  assert.equal(only.paused, true);
  scene.run(1_000);
  assert.equal(only.paused, false, `paused at about ${pausedMs} ms`);
  scene.run(3_000);
  assert.deepEqual([scene.paused.length, only.paused], [2, true]);
});

test("B246: who gives up a paused video and takes it anew, again and again, is sent no more than who does not", () => {
  const scene = new Scene(1_000_000, video(3_000_000));
  let bytes = 0;
  const beganMs = scene.nowMs;
  while (scene.nowMs < beganMs + 60_000) {
    scene.run(CHECK_MS);
    const [only] = scene.consumers;
    if (!only.paused) continue;
    bytes += only.bytesSent;
    scene.consumers.pop();
    scene.take(video(3_000_000));
  }
  bytes += scene.consumers[0].bytesSent;
  assert.ok(bytes <= 1_000_000 / 8 * (60 + 2 + 2), `${bytes} bytes in a minute`);
  assert.ok(scene.paused.length > 20);
});

test("B246: a video that is taken while there is no room is paused at once, and goes on when there is", () => {
  const scene = new Scene(1_000_000, video(900_000), video(900_000));
  scene.run(4_000);
  assert.deepEqual(scene.paused, [scene.consumers[1]]);
  const late = video(50_000);
  scene.take(late);
  assert.equal(late.paused, true);
  scene.run(MAX_PAUSE_MS);
  assert.equal(late.paused, false);
});

test("B246: a track that ended while it was paused is forgotten, and a counter that wraps is read right", () => {
  const scene = new Scene(1_000_000, video(900_000), video(900_000));
  const [first, second] = scene.consumers;
  first.bytesSent = 0x7fffff00;
  scene.run(4_000);
  assert.deepEqual(scene.paused, [second]);
  scene.consumers.pop();
  scene.run(2 * MAX_PAUSE_MS);
  assert.deepEqual([scene.paused, second.paused, first.paused], [[second], true, false]);
  assert.ok(first.bytesSent < 0, "it has wrapped");
});

test("B246: a video that fits goes on, whatever another one that does not fit waits for", () => {
  const scene = new Scene(1_000_000, video(500_000), video(2_000_000), video(300_000));
  const [, large, small] = scene.consumers;
  scene.run(6_000);
  assert.deepEqual(scene.paused.slice(0, 2), [small, large]);
  scene.run(MAX_PAUSE_MS / 2);
  assert.deepEqual([small.paused, large.paused], [false, true]);
});
