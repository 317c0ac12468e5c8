import assert from "node:assert/strict";
import { SourceSsrcs } from "./source_ssrcs.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("B169: a new SSRC takes over at once; the one before comes back after 2 s without a packet", () => {
  const ssrcs = new SourceSsrcs([], []);
  assert.equal(ssrcs.current, undefined);
  assert.equal(ssrcs.accept(1, 0), true);
  assert.equal(ssrcs.accept(2, 0), true);
  assert.equal(ssrcs.accept(1, 500), false);
  assert.equal(ssrcs.accept(2, 1000), true);
  assert.equal(ssrcs.accept(1, 2999), false, "its own packets, which were refused, delay nothing and hasten nothing");
  assert.equal(ssrcs.accept(1, 3000), true);
  assert.equal(ssrcs.current, 1);
  assert.equal(ssrcs.accept(2, 4999), false);
  assert.equal(ssrcs.accept(2, 5000), true);
});

test("B169: eight SSRCs of before are known, an older one is as good as new", () => {
  const ssrcs = new SourceSsrcs([], []);
  for (let ssrc = 1; ssrc <= 10; ssrc++) ssrcs.accept(ssrc, 0);
  assert.equal(ssrcs.accept(2, 0), false);
  assert.equal(ssrcs.accept(1, 0), true);
});

test("B169: after BYE nobody waits for the stream that said it", () => {
  const ssrcs = new SourceSsrcs([], []);
  for (const ssrc of [1, 2]) ssrcs.accept(ssrc, 0);
  ssrcs.handleBye();
  assert.equal(ssrcs.accept(2, 10), true, "it has begun again");
  assert.equal(ssrcs.accept(1, 20), false);
  ssrcs.handleBye();
  assert.equal(ssrcs.accept(1, 30), true);
});

test("B168: the present SSRC is told to be an announced one or not", () => {
  const ssrcs = new SourceSsrcs([1, 2], []);
  assert.equal(ssrcs.isAnnounced, false, "nothing has come");
  for (const [ssrc, isAnnounced] of [[3, false], [2, true], [1, true], [4, false]] as const) {
    ssrcs.accept(ssrc, 0);
    assert.equal(ssrcs.isAnnounced, isAnnounced);
  }
});

test("B110: an RTX SSRC repairs the SSRC of its FID group and no other", () => {
  const ssrcs = new SourceSsrcs([1, 2], [{ ssrc: 1, rtxSsrc: 11 }, { ssrc: 2, rtxSsrc: 12 }]);
  assert.equal(ssrcs.isRepairedBy(11), false, "nothing has come");
  ssrcs.accept(2, 0);
  assert.deepEqual([11, 12].map((rtx) => ssrcs.isRepairedBy(rtx)), [false, true]);
  ssrcs.accept(1, 0);
  assert.deepEqual([11, 12].map((rtx) => ssrcs.isRepairedBy(rtx)), [true, false]);
});

test("B110: an RTX SSRC that nobody announced repairs what was current at its first packet; eight are known", () => {
  const ssrcs = new SourceSsrcs([], []);
  ssrcs.accept(1, 0);
  assert.equal(ssrcs.isRepairedBy(11), true);
  ssrcs.accept(2, 0);
  assert.deepEqual([11, 12].map((rtx) => ssrcs.isRepairedBy(rtx)), [false, true]);
  ssrcs.accept(1, 5000);
  assert.deepEqual([11, 12].map((rtx) => ssrcs.isRepairedBy(rtx)), [true, false]);
  for (let rtx = 13; rtx <= 20; rtx++) assert.equal(ssrcs.isRepairedBy(rtx), true);
  assert.equal(ssrcs.isRepairedBy(12), true, "forgotten");
});
