import assert from "node:assert/strict";
import { Voice } from "./voice.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const LOUD = 20;
const SILENT = 127;

/** A voice whose packets come when they were made, `ms` long each. */
class Microphone {
  nowMs = 0;
  readonly voice = new Voice("peer", 48_000);

  say(level: number, count: number, ms = 20): Voice {
    for (let i = 0; i < count; i++) {
      this.nowMs += ms;
      this.voice.handlePacket((this.nowMs * 48) >>> 0, level, this.nowMs);
    }
    return this.voice;
  }
}

test("B346: what is voiced counts by its time, whatever the length of its packets, and pauses count half against it", () => {
  for (const ms of [10, 20, 60]) {
    const microphone = new Microphone();
    microphone.say(SILENT, 5, ms);
    assert.equal(microphone.say(LOUD, 300 / ms, ms).speechMs, 300);
    assert.equal(microphone.say(SILENT, 120 / ms, ms).speechMs, 240);
  }
});

test("B346: however long somebody has spoken, a second of silence ends it, with packets or without", () => {
  for (const silence of [(microphone: Microphone) => microphone.say(SILENT, 50), ({ voice }: Microphone) => voice]) {
    const microphone = new Microphone();
    const { voice } = microphone;
    microphone.say(LOUD, 500);
    const endMs = microphone.nowMs + 1000;
    silence(microphone);
    voice.settle(endMs - 100);
    voice.settle(endMs);
    assert.equal(voice.speechMs, 0);
  }
});

test("B345: silence is counted once, and not before 150 ms without a packet", () => {
  const microphone = new Microphone();
  const { voice } = microphone;
  microphone.say(LOUD, 20);
  voice.settle(microphone.nowMs + 149);
  assert.equal(voice.speechMs, 400);
  for (const ms of [200, 250, 300, 300]) voice.settle(microphone.nowMs + ms);
  assert.equal(voice.speechMs, 250);
});

test("timestamps that wrap go on, and those of an encoder that begins anew are taken", () => {
  const voice = new Voice("peer", 48_000);
  for (let i = 0; i < 10; i++) voice.handlePacket((0xffff_f000 + i * 960) >>> 0, LOUD, i * 20);
  assert.equal(voice.speechMs, 200);
  voice.handlePacket(0xffff_f000, LOUD, 200);
  assert.equal(voice.speechMs, 200, "a late one");
  voice.handlePacket(0x9000_0000, LOUD, 220);
  voice.handlePacket(0x9000_0000 + 960, LOUD, 240);
  assert.equal(voice.speechMs, 240);
});

test("the level is linear, 1 at full scale, and follows the voice", () => {
  const microphone = new Microphone();
  microphone.say(SILENT, 5);
  assert.equal(microphone.say(0, 5).level, 1);
  const { level } = microphone.say(20, 100);
  assert.ok(level > 0.095 && level < 0.105, `${level}`);
});

test("a loud moment fades by 20 dB in a second", () => {
  const microphone = new Microphone();
  const { voice } = microphone;
  microphone.say(SILENT, 5);
  microphone.say(LOUD, 1);
  const peak = voice.peakAt(microphone.nowMs);
  assert.equal(peak, 40);
  assert.equal(Math.round(voice.peakAt(microphone.nowMs + 500)), 30);
  microphone.say(SILENT, 25);
  assert.equal(Math.round(voice.peakAt(microphone.nowMs)), 30);
  assert.equal(voice.peakAt(microphone.nowMs + 60_000), 0);
});
