import assert from "node:assert/strict";
import { decodesConstrainedBaseline, h264Profile } from "./h264_profile.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("B91: the ids that RFC 6184 table 5 counts as one H.264 profile are one", () => {
  for (
    const [profile, ids] of Object.entries({
      "Constrained Baseline": ["42e01f", "42C02A", "42400a", "42f00b", "4de01f", "4d801f", "58f01f", "58c00d"],
      Baseline: ["42001f", "42a01f", "420034", "58A01F", "58801f"],
      Main: ["4d001f", "4D401f", "4d500b"],
      Extended: ["58001f", "58301f"],
    })
  ) {
    for (const id of ids) assert.equal(h264Profile(id), profile, id);
  }
});

test("B91: profiles that have one id each are told apart by it, whatever the level", () => {
  const ids = ["64001f", "640c1f", "6e001f", "7a001f", "f4001f", "6e101f", "7a101f", "f4101f", "2c101f", "4d201f"];
  assert.equal(new Set(ids.map((id) => h264Profile(id))).size, ids.length);
  assert.equal(h264Profile("640c34"), h264Profile("640C1F"));
});

test("B91: no profile-level-id is Baseline, and text that is no id is nothing but itself", () => {
  assert.equal(h264Profile(), "Baseline");
  const texts = ["", "42e0", "42e01f0", "42e01g", "high", "0x42e0"];
  assert.equal(new Set(texts.map((text) => h264Profile(text))).size, texts.length);
  for (const text of texts) assert.equal(h264Profile(text), text);
});

test("B91: Baseline, Main, Extended and High decoders decode Constrained Baseline, no others are known to", () => {
  const decoding = ["42e01f", "42001f", "4d001f", "58001f", "64001f", "640c1f", "640834"];
  for (const id of decoding) assert.equal(decodesConstrainedBaseline(h264Profile(id)), true, id);
  for (const id of ["2c101f", "6e001f", "7a101f", "f4001f", "4d201f", "64", "high", ""]) {
    assert.equal(decodesConstrainedBaseline(h264Profile(id)), false, id);
  }
});
