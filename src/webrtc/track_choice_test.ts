import assert from "node:assert/strict";
import type { Kind, PublishedTrack } from "../sfu/types.ts";
import { chooseTracks, type ReceivingLine } from "./track_choice.ts";

function track(id: string, kind: Kind = "video"): PublishedTrack {
  const codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
  return { id, kind, peerId: "bob", source: kind === "video" ? "camera" : "microphone", codec };
}

function line(change: Partial<ReceivingLine> = {}): ReceivingLine {
  return { kind: "video", current: undefined, wanted: undefined, ...change };
}

const TRACKS = [track("v1"), track("a1", "audio"), track("v2"), track("v3")];

function choose(lines: readonly ReceivingLine[]): (string | undefined)[] {
  return chooseTracks(lines, TRACKS).map((track) => track?.id);
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P22: lines that name nothing take the oldest tracks of their kind, each once", () => {
  assert.deepEqual(choose([line(), line({ kind: "audio" }), line(), line({ kind: "audio" })]), [
    "v1",
    "a1",
    "v2",
    undefined,
  ]);
});

test("P22: kept and named tracks are given out before the oldest", () => {
  const lines = [line(), line({ wanted: { trackId: "v1" } }), line({ current: "v2" }), line()];
  assert.deepEqual(choose(lines), ["v3", "v1", "v2", undefined]);
});

test("P22: what a line receives counts more than the name of another line", () => {
  assert.deepEqual(choose([line({ wanted: { trackId: "v1" } }), line({ current: "v1" })]), [undefined, "v1"]);
});

test("P22: the same name again keeps the track, another name gives it free", () => {
  const keeps = line({ current: "v1", wanted: { trackId: "v1" } });
  assert.deepEqual(choose([keeps]), ["v1"]);
  assert.deepEqual(choose([line({ current: "v1", wanted: { trackId: "v2" } }), line()]), ["v2", "v1"]);
});

test("P23: a name that is no track of the kind gets nothing", () => {
  const lines = [line({ wanted: { trackId: "gone" } }), line({ wanted: { trackId: "a1" } })];
  assert.deepEqual(choose(lines), [undefined, undefined]);
});

test("P108: a slot keeps what it holds unless another line names it, and gets nothing from here", () => {
  const slots = [line({ wanted: "slot" }), line({ wanted: "slot", current: "v1" })];
  assert.deepEqual(choose([...slots, line()]), [undefined, "v1", "v2"]);
  assert.deepEqual(choose([...slots, line({ wanted: { trackId: "v1" } })]), [undefined, undefined, "v1"]);
});
