import assert from "node:assert/strict";
import { silence, speech, VoiceRoom } from "../../tests/harness/voices.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("B346, B350: one packet after the other a voice becomes a speaker, and one of those that are forwarded", () => {
  const room = new VoiceRoom(1);
  const [quiet, voice] = [room.add("quiet", silence), room.add("voice", speech(25, 1))];
  assert.deepEqual([quiet.forwarded, voice.forwarded], [true, false]);
  room.run(1000);
  assert.deepEqual([quiet.forwarded, voice.forwarded], [false, true]);
  assert.deepEqual(room.told.map(({ speakers: { dominant } }) => dominant), ["voice"]);
  room.remove(voice);
  assert.deepEqual(
    [quiet.forwarded, voice.forwarded],
    [true, true],
    "what the room does not hear it does not hold back",
  );
  room.run(1000);
  assert.deepEqual(room.told.at(-1)?.speakers, { dominant: "voice", active: [] });
  assert.equal(room.audio.nextTimeout(), Infinity);
});
