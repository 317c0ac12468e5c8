import assert from "node:assert/strict";
import { type FormatAttribute, noFormats, readFormat, type SdpFormats } from "./sdp_formats.ts";

function read(name: FormatAttribute, ...values: string[]): SdpFormats {
  const formats = noFormats();
  for (const value of values) readFormat(formats, name, value);
  return formats;
}

Deno.test({
  name: "an rtpmap is a payload type, a name, a clock rate, and of audio the channels",
  permissions: "none",
  fn() {
    assert.deepEqual(read("rtpmap", "96 VP8/90000", "111 opus/48000/2", "97 flexfec-03/90000 ").rtp, [
      { payload: 96, codec: "VP8", rate: 90_000 },
      { payload: 111, codec: "opus", rate: 48_000, encoding: 2 },
      { payload: 97, codec: "flexfec-03", rate: 90_000 },
    ]);
  },
});

Deno.test({
  name: "an fmtp is a payload type and all that stands behind it",
  permissions: "none",
  fn() {
    assert.deepEqual(read("fmtp", "97 apt=96", "102 a=1; b=2", "63 111/111").fmtp, [
      { payload: 97, config: "apt=96" },
      { payload: 102, config: "a=1; b=2" },
      { payload: 63, config: "111/111" },
    ]);
  },
});

Deno.test({
  name: "a feedback message has one word or two, and is for a payload type or for all of them",
  permissions: "none",
  fn() {
    assert.deepEqual(read("rtcp-fb", "96 nack", "* nack pli", "96 ccm tmmbr smaxpr=120").rtcpFb, [
      { payload: 96, type: "nack" },
      { payload: "*", type: "nack", subtype: "pli" },
      { payload: 96, type: "ccm", subtype: "tmmbr" },
    ]);
  },
});

Deno.test({
  name: "a line that cannot be read adds nothing",
  permissions: "none",
  fn() {
    const rtpmaps = [
      "",
      "96",
      "96 VP8",
      "96 VP8/",
      "96 VP8/x",
      "x VP8/90000",
      "1234 VP8/90000",
      "96 V é/90000",
      "-1 VP8/90000",
    ];
    assert.deepEqual(read("rtpmap", ...rtpmaps), noFormats());
    assert.deepEqual(read("fmtp", "", "97", "x apt=96", "* apt=96", " 97 apt=96"), noFormats());
    assert.deepEqual(read("rtcp-fb", "", "96", "*", "x nack", "96 é", "** nack"), noFormats());
  },
});
