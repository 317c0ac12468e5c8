import assert from "node:assert/strict";
import { inTurn, noise, nothing, silence, speech, typing, VoiceRoom } from "../../tests/harness/voices.ts";
import type { Voice } from "./voice.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function forwarded(voices: readonly Voice[]): string[] {
  return voices.filter((voice) => voice.forwarded).map(({ peerId }) => peerId);
}

test("B350: with as many microphones as the limit or fewer, or without one, all are forwarded", () => {
  for (const limit of [4, 5, Infinity]) {
    const room = new VoiceRoom(limit);
    const voices = [0, 1, 2, 3].map((index) => room.add(`${index}`, index === 0 ? speech(20, 1) : silence));
    room.run(5000, () => assert.equal(forwarded(voices).length, 4));
  }
});

test("B350: of more the loudest are, never more than the limit, and never fewer", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const room = new VoiceRoom(4);
    const voices = Array.from({ length: 12 }, (_, index) => {
      const turns = Array.from({ length: 10 }, (_, turn): [number, ReturnType<typeof speech>] => {
        const isSpeaking = (seed + index * 5 + turn * 7) % 12 < 2;
        return [turn * 2000, isSpeaking ? speech(30, seed * 1000 + index * 50 + turn) : noise(75, seed + index + turn)];
      });
      return room.add(`${index}`, inTurn([0, silence], ...turns));
    });
    room.run(20_000, () => {
      const heard = forwarded(voices);
      assert.equal(heard.length, 4, `seed ${seed} at ${room.nowMs}`);
      for (const { peerId, speaking } of voices) {
        // At most two speak, and two have just stopped: all of them have a place.
        if (speaking) assert.ok(heard.includes(peerId), `seed ${seed}: ${peerId} at ${room.nowMs}`);
      }
    });
  }
});

test("B350: who begins to speak is forwarded from the first loud packet on", () => {
  const room = new VoiceRoom(2);
  const others = [room.add("a", noise(72, 1)), room.add("b", noise(72, 2)), room.add("c", noise(72, 3))];
  const late = room.add("late", inTurn([0, noise(72, 4)], [10_000, speech(35, 5)]));
  room.run(9980);
  assert.equal(late.forwarded, false);
  let sinceMs = Infinity;
  room.run(1000, () => {
    if (late.forwarded) sinceMs = Math.min(sinceMs, room.nowMs);
  });
  assert.ok(sinceMs <= 10_100, `at ${sinceMs}`);
  assert.equal(forwarded(others).length, 1);
});

test("B350: nobody is cut off in a sentence, however many others make a noise", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const room = new VoiceRoom(2);
    const speaker = room.add("speaker", speech(35, seed));
    room.run(1000);
    for (let i = 0; i < 10; i++) room.add(`typist ${i}`, typing(25, seed * 100 + i));
    room.run(20_000, () => assert.ok(speaker.forwarded, `seed ${seed} at ${room.nowMs}`));
  }
});

test("B350: where more speak than are forwarded the quietest gives way, to who is 6 dB louder, after 3 s", () => {
  const room = new VoiceRoom(2);
  const [loud, quiet] = [room.add("loud", speech(20, 1)), room.add("quiet", speech(40, 2))];
  room.run(1000);
  const another = room.add("another", speech(39, 3));
  room.run(5000, () => assert.deepEqual(forwarded([loud, quiet, another]), ["loud", "quiet"]));
  const shouting = room.add("shouting", speech(15, 4));
  room.run(3000);
  assert.deepEqual(forwarded([loud, quiet, another, shouting]), ["loud", "shouting"]);
});

test("B350: the place of a microphone that is over goes to who was heard last", () => {
  const room = new VoiceRoom(2);
  const first = room.add("first", speech(20, 1));
  const second = room.add("second", speech(20, 2));
  const waiting = [room.add("silent", silence), room.add("sent nothing", nothing), room.add("third", speech(22, 3))];
  room.run(2000);
  assert.deepEqual(forwarded([first, second, ...waiting]), ["first", "second"]);
  room.remove(first);
  assert.deepEqual(forwarded([second, ...waiting]), ["second", "third"]);
  room.remove(waiting[0]);
  room.run(1000);
  assert.deepEqual(forwarded([second, ...waiting.slice(1)]), ["second", "third"]);
});
