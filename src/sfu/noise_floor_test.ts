import assert from "node:assert/strict";
import { NoiseFloor, QUIET, SILENCE_DB } from "./noise_floor.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** Seconds of sound that is as loud as `loudness` says by the packet, each of 20 ms. */
function hear(floor: NoiseFloor, seconds: number, loudness: (packet: number) => number): void {
  for (let packet = 0; packet < seconds * 50; packet++) floor.handleSound(loudness(packet), 20);
}

test("B347: a new microphone counts as quiet, and steady sound is its own floor once it has lasted 8 s", () => {
  const floor = new NoiseFloor();
  assert.equal(floor.loudness, QUIET);
  hear(floor, 7, () => 90);
  assert.equal(floor.loudness, QUIET);
  hear(floor, 1, () => 90);
  assert.equal(floor.loudness, 90);
});

test("B347: what falls back now and then keeps its floor there", () => {
  const floor = new NoiseFloor();
  hear(floor, 60, (packet) => packet % 200 === 0 ? 75 : 100);
  assert.equal(floor.loudness, 75);
});

test("a pause lowers the floor at once, to -60 dBov and no further, and it stays for 8 s", () => {
  const floor = new NoiseFloor();
  hear(floor, 10, () => 95);
  floor.handleSound(80, 20);
  assert.equal(floor.loudness, 80);
  floor.handleSound(0, 20);
  assert.equal(floor.loudness, QUIET);
  hear(floor, 7, () => 95);
  assert.equal(floor.loudness, QUIET);
  hear(floor, 2, () => SILENCE_DB);
  assert.equal(floor.loudness, 95);
});
