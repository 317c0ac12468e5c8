import assert from "node:assert/strict";
import { parseRtp } from "../../tests/harness/rtp_builder.ts";
import { rtpBytes } from "../../tests/harness/rtp_packets.ts";
import { readAudioLevel } from "./audio_level.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function levelOf(profile: number, data: readonly number[], id = 1): number {
  return readAudioLevel(parseRtp(rtpBytes({ payload: [1], extension: { profile, data: [...data] } })), id);
}

test("B345: the level is read in both forms of header extensions, with or without the voice bit", () => {
  for (const level of [0, 1, 30, 126, 127]) {
    for (const voice of [0, 0x80]) {
      assert.equal(levelOf(0xbede, [0x10, voice | level, 0, 0]), level);
      assert.equal(levelOf(0xbede, [0x20, 5, 0x10, voice | level]), level, "behind another element");
      assert.equal(levelOf(0x1000, [1, 1, voice | level, 0]), level);
    }
  }
});

test("B345: a level of another length than a byte, cut short, under another id or not there is none", () => {
  assert.equal(levelOf(0xbede, [0x11, 30, 30, 0]), -1, "two bytes");
  assert.equal(levelOf(0x1000, [1, 0, 0, 0]), -1, "no byte");
  assert.equal(levelOf(0x1000, [1, 2, 30, 30]), -1, "two bytes in the long form");
  assert.equal(levelOf(0xbede, [0, 0, 0, 0x10]), -1, "cut short");
  assert.equal(levelOf(0x1000, [0, 0, 1, 1]), -1, "cut short in the long form");
  assert.equal(levelOf(0xbede, [0x1f, 30, 0, 0]), -1, "longer than the extension");
  assert.equal(levelOf(0xbede, [0xf0, 1, 0x10, 30]), -1, "behind the end");
  assert.equal(levelOf(0xbede, [0x20, 30, 0, 0]), -1, "another id");
  assert.equal(levelOf(0x1234, [0x10, 30, 0, 0]), -1, "another profile");
  assert.equal(readAudioLevel(parseRtp(rtpBytes({ payload: [1] })), 1), -1);
});
