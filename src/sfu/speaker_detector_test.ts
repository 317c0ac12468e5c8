import assert from "node:assert/strict";
import {
  coughs,
  inTurn,
  noise,
  nothing,
  silence,
  type Sound,
  speech,
  typing,
  VoiceRoom,
} from "../../tests/harness/voices.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

/** How long after the beginning of a turn its speaker is dominant at the latest. */
const LIMIT_MS = 600;
const QUIET_ROOM = noise(70, 1);

/** Two who speak by turns of `turnMs`, the first from `turnMs` on. */
function alternating(turnMs: number, count: number, level: number, seed: number): [one: Sound, two: Sound] {
  const sounds: [number, Sound][][] = [[[0, QUIET_ROOM]], [[0, QUIET_ROOM]]];
  for (let turn = 1; turn <= count; turn++) {
    sounds[turn % 2].push([turn * turnMs, speech(level, seed + turn)]);
    sounds[(turn + 1) % 2].push([turn * turnMs, noise(70, seed + turn)]);
  }
  return [inTurn(...sounds[1]), inTurn(...sounds[0])];
}

for (const level of [20, 30, 40]) {
  test(`B346: of two who speak by turns, at -${level} dBov, each is dominant within 600 ms of a turn, and once`, () => {
    for (let seed = 1; seed <= 40; seed++) {
      const [turnMs, turns] = [2000, 10];
      const room = new VoiceRoom();
      const [one, two] = alternating(turnMs, turns, level, seed * 100);
      room.add("one", one);
      room.add("two", two);
      room.run((turns + 1) * turnMs);
      const changes = room.dominants;
      assert.deepEqual(
        changes.map(([peerId]) => peerId),
        Array.from({ length: turns }, (_, turn) => turn % 2 === 0 ? "one" : "two"),
        `seed ${seed}`,
      );
      for (const [turn, [, atMs]] of changes.entries()) {
        const lateMs = atMs - (turn + 1) * turnMs;
        assert.ok(lateMs > 200 && lateMs <= LIMIT_MS, `seed ${seed}, turn ${turn}: after ${lateMs} ms`);
      }
    }
  });
}

test("B346: who speaks at once with the dominant speaker takes the floor by being 6 dB louder for a second, not before", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const equal = new VoiceRoom();
    equal.add("one", speech(25, seed));
    equal.run(2000);
    equal.add("two", speech(25, seed + 1000));
    equal.run(20_000);
    // By turns they fall silent for a moment, which is no floor that is left; a handful of changes in 20 s is none.
    assert.ok(equal.dominants.length <= 3, `seed ${seed}: ${JSON.stringify(equal.dominants)}`);
    const louder = new VoiceRoom();
    louder.add("one", speech(35, seed));
    louder.run(2000);
    louder.add("two", speech(20, seed + 1000));
    louder.run(5000);
    const [[first], [second, atMs], ...rest] = louder.dominants;
    assert.deepEqual([first, second, rest], ["one", "two", []], `seed ${seed}`);
    assert.ok(atMs >= 3000, `seed ${seed}: after ${atMs - 2000} ms`);
  }
});

for (
  const [name, disturbance] of [
    ["typing", (seed: number) => typing(25, seed)],
    ["coughs", () => coughs(15, 3000)],
    ["a click of 60 ms now and then", () => (ms: number) => ms % 700 < 60 ? 10 : 62],
  ] as const
) {
  test(`B347: ${name} makes no speaker, in silence or while somebody speaks`, () => {
    for (let seed = 1; seed <= 20; seed++) {
      const quiet = new VoiceRoom();
      quiet.add("one", QUIET_ROOM);
      quiet.add("two", disturbance(seed));
      quiet.run(30_000);
      assert.deepEqual(quiet.told, [], `seed ${seed}`);
      const loud = new VoiceRoom();
      loud.add("one", speech(30, seed));
      loud.add("two", disturbance(seed));
      loud.run(30_000);
      assert.deepEqual(loud.dominants.map(([peerId]) => peerId), ["one"], `seed ${seed}`);
      assert.ok(loud.told.every(({ speakers }) => speakers.active.every(({ peerId }) => peerId === "one")));
    }
  });
}

test("B347: a fan counts for its first seconds at the most, two of them do not take turns, and speech is heard over one", () => {
  const room = new VoiceRoom();
  room.add("fan", noise(40, 1));
  room.add("other fan", noise(38, 2));
  room.run(60_000);
  assert.ok(room.dominants.length <= 1, JSON.stringify(room.dominants));
  assert.deepEqual(room.told.at(-1)?.speakers.active ?? [], []);
  const toldBefore = room.told.length;
  room.run(60_000);
  assert.equal(room.told.length, toldBefore, "and says nothing any more");
  const fan = noise(45, 3);
  const voice = speech(22, 4);
  room.add("over a fan", (ms) => Math.min(fan(ms) ?? 127, ms < 140_000 ? 127 : voice(ms) ?? 127));
  room.run(25_000);
  const [last, atMs] = room.dominants.at(-1) ?? [];
  assert.equal(last, "over a fan");
  assert.ok(atMs !== undefined && atMs <= 140_000 + LIMIT_MS, `at ${atMs}`);
});

test("B346: silence keeps the last dominant speaker, and takes the active ones away a second after their last word", () => {
  for (const quiet of [silence, nothing, QUIET_ROOM]) {
    const room = new VoiceRoom();
    room.add("one", inTurn([0, speech(25, 7)], [5000, quiet]));
    room.run(60_000);
    const last = room.told.at(-1);
    assert.deepEqual(last?.speakers, { dominant: "one", active: [] });
    assert.ok(last.atMs > 5700 && last.atMs <= 6300, `after ${last.atMs - 5000} ms`);
    assert.equal(room.audio.nextTimeout(), Infinity, "and nothing is looked at any more");
  }
});

test("B348: changes of the active speakers come 300 ms apart at least, whatever happens", () => {
  for (let seed = 1; seed <= 10; seed++) {
    const room = new VoiceRoom();
    for (let i = 0; i < 30; i++) {
      const turns = Array.from({ length: 20 }, (_, turn): [number, Sound] => {
        const isSpeaking = (seed * 7 + i * 13 + turn * 5) % 4 === 0;
        return [turn * 1500 + i * 40, isSpeaking ? speech(20 + i % 20, seed * 1000 + i * 20 + turn) : QUIET_ROOM];
      });
      room.add(`peer ${i}`, inTurn([0, QUIET_ROOM], ...turns));
    }
    room.run(30_000);
    for (const [index, { atMs, speakers }] of room.told.entries()) {
      const before = room.told[index - 1];
      if (before === undefined || before.speakers.dominant !== speakers.dominant) continue;
      assert.ok(atMs - before.atMs >= 300, `seed ${seed}: ${atMs - before.atMs} ms`);
    }
    assert.ok(room.told.length <= 30 * 5, `${room.told.length} in 30 s`);
  }
});

test("P96: the dominant speaker comes first, then the loudest, each once, with a level from 0 to 1", () => {
  const room = new VoiceRoom();
  room.add("loud", speech(20, 1));
  room.run(1000);
  room.add("quiet", speech(40, 2));
  room.add("middle", speech(30, 3));
  room.add("loud", speech(25, 4));
  room.run(1500);
  const speakers = room.told.at(-1)?.speakers;
  assert.deepEqual(speakers?.active.map(({ peerId }) => peerId), ["loud", "middle", "quiet"]);
  assert.equal(speakers?.dominant, "loud");
  const levels = speakers?.active.map(({ level }) => level) ?? [];
  // -20, -30 and -40 dB.
  for (const [index, around] of [0.1, 0.03, 0.01].entries()) {
    assert.ok(levels[index] > around / 2 && levels[index] < around * 2.5, `${levels}`);
  }
});

test("B346: a microphone that is over speaks no more, and its peer stays dominant until somebody else speaks", () => {
  const room = new VoiceRoom();
  const voice = room.add("one", speech(25, 1));
  room.add("two", inTurn([0, QUIET_ROOM], [6000, speech(25, 2)]));
  room.run(3000);
  room.remove(voice);
  room.run(500);
  assert.deepEqual(room.told.at(-1)?.speakers, { dominant: "one", active: [] });
  room.run(4000);
  assert.deepEqual(room.dominants.map(([peerId]) => peerId), ["one", "two"]);
});

test("B345: packets that come late, again, or in a burst count once and by their own time", () => {
  const room = new VoiceRoom();
  const voice = room.add("one", nothing);
  room.run(100);
  const said = (from: number, to: number) => {
    for (let ms = from; ms < to; ms += 20) {
      voice.handlePacket(ms * 48, 20, room.nowMs);
      voice.handlePacket(ms * 48, 20, room.nowMs);
      voice.handlePacket((ms - 40) * 48, 20, room.nowMs);
      room.audio.handleVoice(voice, room.nowMs);
    }
  };
  said(1000, 1280);
  room.run(140);
  assert.deepEqual(room.told, [], "280 ms of voice are no speech, however often they come");
  said(1280, 1340);
  room.run(60);
  assert.deepEqual(room.dominants.map(([peerId]) => peerId), ["one"]);
});
