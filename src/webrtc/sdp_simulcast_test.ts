import assert from "node:assert/strict";
import fc from "fast-check";
import { REPAIRED_RID_URI, RID_URI } from "../sfu/header_extensions.ts";
import type { Codec } from "../sfu/types.ts";
import { encodingParameters, encodingsIn, MAX_ENCODINGS, readSimulcast, writeSimulcast } from "./sdp_simulcast.ts";

const VP8: Codec = { mimeType: "video/vp8", clockRate: 90_000, payloadType: 96, fmtp: "" };
const EXTENSIONS = [{ uri: RID_URI, id: 9 }, { uri: REPAIRED_RID_URI, id: 10 }];

function read(simulcast: string | undefined, ...rids: string[]): string {
  return readSimulcast({ rids, simulcast }).map(({ rid, paused }) => `${paused ? "~" : ""}${rid}`).join(" ");
}

function media(simulcast: string, ...rids: string[]) {
  const encodings = readSimulcast({ rids, simulcast });
  return { encodings, simulcastSsrcs: [], fidGroups: [], headerExtensions: EXTENSIONS };
}

/** As the answer takes an offer. */
function answered(simulcast: string, ...rids: string[]): string[] {
  const lines: string[] = [];
  writeSimulcast(lines, VP8, encodingsIn(VP8, media(simulcast, ...rids)));
  return lines;
}

Deno.test({
  name: "B300: the encodings of an offer are those of its simulcast line that have an a=rid, in that order, each once",
  permissions: "none",
  fn() {
    const rids = ["q send", "h send", "f send", "low-1 send", "hi_res send", "r recv"];
    for (
      const [simulcast, expected] of [
        ["send q;h;f", "q h f"],
        ["send q;~h;~f", "q ~h ~f"],
        ["send f;h;q", "f h q"],
        ["recv r send low-1;hi_res", "low-1 hi_res"],
        ["send q;h recv r", "q h"],
        ["send q,f;h", "q h"],
        ["send x,f;~y,~h", "f ~h"],
        ["send q;x;h", "q h"],
        ["send q;q;h", "q h"],
        ["send r;q", "q"],
        ["recv r", ""],
        ["send ", ""],
        ["send ;;,~,;~", ""],
      ]
    ) assert.equal(read(simulcast, ...rids), expected, simulcast);
    assert.equal(read(undefined, ...rids), "", "an a=rid alone is no simulcast");
    assert.equal(read("send 0;1;2;3;4;5", ...[0, 1, 2, 3, 4, 5].map((rid) => `${rid} send`)), "0 1 2 3");
    assert.equal(MAX_ENCODINGS, 4);
  },
});

Deno.test({
  name:
    "B300, P87: an a=rid that cannot be understood, or promises what is not known, is not taken; nothing else is lost",
  permissions: "none",
  fn() {
    const long = "x".repeat(17);
    for (const bad of ["q", "q sendrecv", "q send max-colour=7", "q send width", `${long} send`, "q! send", ""]) {
      assert.equal(read(`send q;q!;${long};h`, bad, "h send"), "h", bad);
    }
    assert.equal(read("send q;h", "q send max-width=320;max-height=180;max-fps=15;max-br=150000", "h send"), "q h");
  },
});

Deno.test({
  name: "B300: the answer takes each encoding, with what the client promises of it, and leaves paused what is",
  permissions: "none",
  fn() {
    assert.deepEqual(answered("send q;~h", "q send", "h send"), [
      "a=rid:q recv",
      "a=rid:h recv",
      "a=simulcast:recv q;~h",
    ]);
    assert.deepEqual(answered("send q;h", "q send max-width=320; max-fps=15", "h send pt=97,96;max-br=500000"), [
      "a=rid:q recv max-width=320;max-fps=15",
      "a=rid:h recv pt=96;max-br=500000",
      "a=simulcast:recv q;h",
    ]);
    assert.deepEqual(answered("send q;h", "q send pt=98", "h send"), ["a=rid:h recv", "a=simulcast:recv h"]);
    assert.deepEqual(answered("send q", "q send pt=98"), []);
  },
});

Deno.test({
  name: "B300: a track has an encoding for each RID, or for each SSRC of a SIM group with the RTX of that, or one",
  permissions: "none",
  fn() {
    assert.deepEqual(encodingParameters(VP8, media("send q;h", "q send", "h send")), [
      { rid: "q", ssrcs: [] },
      { rid: "h", ssrcs: [] },
    ]);
    const fidGroups = [{ ssrc: 1, rtxSsrc: 11 }, { ssrc: 2, rtxSsrc: 12 }];
    const grouped = { encodings: [], simulcastSsrcs: [1, 2, 3], fidGroups, headerExtensions: [] };
    assert.deepEqual(encodingParameters(VP8, grouped), [
      { ssrcs: [1], fidGroups: [fidGroups[0]] },
      { ssrcs: [2], fidGroups: [fidGroups[1]] },
      { ssrcs: [3], fidGroups: [] },
    ]);
    const without = { ...media("send q;h", "q send", "h send"), headerExtensions: [] };
    assert.equal(encodingParameters(VP8, without), undefined, "nothing would tell the packets apart");
  },
});

Deno.test({
  name: "no a=rid and no a=simulcast makes the reader throw or take longer than the text is",
  permissions: "none",
  fn() {
    const part = fc.constantFrom("q", "h", "~", ";", ",", " ", "send", "recv", "pt=96", "max-width=1", "=", "-", "x");
    const text = fc.array(part, { maxLength: 30 }).map((parts) => parts.join(""));
    const property = fc.property(text, fc.array(text, { maxLength: 8 }), (simulcast, rids) => {
      const encodings = readSimulcast({ rids, simulcast });
      assert.ok(encodings.length <= MAX_ENCODINGS);
      assert.equal(new Set(encodings.map(({ rid }) => rid)).size, encodings.length);
    });
    fc.assert(property, { seed: 8853, numRuns: 5000 });
  },
});
