import assert from "node:assert/strict";
import { SourceRule } from "./source_rule.ts";

const CAMERA = { stream: "one", track: "v" };
const SCREEN = { stream: "two", track: "s" };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P21: the first stream stays camera and microphone, whatever comes later", () => {
  const rule = new SourceRule();
  assert.equal(rule.sourceOf("audio", CAMERA, undefined), "microphone");
  assert.equal(rule.sourceOf("video", SCREEN, undefined), "screen");
  assert.equal(rule.sourceOf("video", CAMERA, undefined), "camera");
  assert.equal(rule.sourceOf("audio", SCREEN, undefined), "screenAudio");
});

test("P21: a track of no stream is camera or microphone and leaves the first stream open", () => {
  const rule = new SourceRule();
  assert.equal(rule.sourceOf("video", undefined, undefined), "camera");
  assert.equal(rule.sourceOf("audio", { stream: undefined, track: "a" }, undefined), "microphone");
  assert.equal(rule.sourceOf("video", SCREEN, undefined), "camera");
});

test("P21: a stream that is named the screen is not the first one", () => {
  const rule = new SourceRule();
  assert.equal(rule.sourceOf("video", SCREEN, "screen"), "screen");
  assert.equal(rule.sourceOf("video", CAMERA, undefined), "camera");
});

test("P21: a named source is made to fit the kind of the m-line", () => {
  const rule = new SourceRule();
  assert.equal(rule.sourceOf("audio", CAMERA, "camera"), "microphone");
  assert.equal(rule.sourceOf("audio", SCREEN, "screen"), "screenAudio");
});
