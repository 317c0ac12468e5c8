import assert from "node:assert/strict";
import { ProbeSender } from "./probe_sender.ts";

/** Sends what is due until nothing is; returns `[ms, bytes]` of each packet. */
function sendAll(sender: ProbeSender, fromMs: number, packetBytes: number): [number, number][] {
  const sent: [number, number][] = [];
  for (let nowMs = fromMs; sender.nextTimeout() < Infinity && nowMs < fromMs + 10_000; nowMs++) {
    if (sender.nextTimeout() > nowMs) continue;
    for (let due = sender.bytesDue(nowMs); due > 0; due -= packetBytes) {
      if (sender.id === 0) break;
      sender.handleSent(packetBytes, nowMs);
      sent.push([nowMs, packetBytes]);
    }
  }
  return sent;
}

for (const bitsPerSecond of [900_000, 1_800_000, 5_000_000, 20_000_000]) {
  Deno.test({
    name: `B275: a probe of ${bitsPerSecond / 1e6} Mbit/s takes 15 ms and five packets, at that rate within a tenth`,
    permissions: "none",
    fn() {
      const sender = new ProbeSender();
      const probe = sender.request(bitsPerSecond, 100);
      assert.equal(probe.id, 1);
      assert.equal(sender.id, 0);
      const bytes = bitsPerSecond === 900_000 ? 250 : 500;
      const sent = sendAll(sender, 100, bytes);
      assert.ok(sent.length >= 5);
      assert.ok(sent.length * bytes >= bitsPerSecond * 0.015 / 8);
      const tookMs = sent[sent.length - 1][0] - sent[0][0];
      // The last chunk ends the probe; it is no part of the interval.
      const last = sent.filter(([ms]) => ms === sent[sent.length - 1][0]).length;
      const rate = 8000 * (sent.length - last) * bytes / tookMs;
      assert.ok(Math.abs(rate / bitsPerSecond - 1) <= 0.1, `${rate}`);
      assert.equal(sender.bytesDue(5000), 0);
    },
  });
}

Deno.test({
  name: "probes go out one after the other, each under its own number, up to 255",
  permissions: "none",
  fn() {
    const sender = new ProbeSender();
    for (let round = 0; round < 300; round++) {
      const probe = sender.request(1_000_000, round * 100);
      assert.equal(probe.id, round % 255 + 1);
      sender.bytesDue(round * 100);
      assert.equal(sender.id, probe.id);
      for (let index = 0; index < 5; index++) sender.handleSent(1200, round * 100 + index);
      assert.equal(sender.id, 0);
    }
    sender.request(1_000_000, 50_000);
    sender.request(2_000_000, 50_000);
    assert.equal(sendAll(sender, 50_000, 1000).length, 10);
  },
});

Deno.test({
  name: "B275: a probe that cannot be sent is given up after 5 s, and is not asked for all the time until then",
  permissions: "none",
  fn() {
    const sender = new ProbeSender();
    sender.request(1_000_000, 0);
    let asked = 0;
    for (
      let nowMs = 0;
      nowMs < 20_000 && sender.nextTimeout() < Infinity;
      nowMs = Math.max(nowMs, sender.nextTimeout())
    ) {
      sender.bytesDue(nowMs);
      asked++;
    }
    assert.ok(asked < 30, `${asked}`);
    assert.equal(sender.bytesDue(5001), 0);
    assert.equal(sender.id, 0);
  },
});

Deno.test({
  name: "what waits can be given up",
  permissions: "none",
  fn() {
    const sender = new ProbeSender();
    sender.request(1_000_000, 0);
    assert.ok(sender.bytesDue(0) > 0);
    sender.clear();
    assert.equal(sender.id, 0);
    assert.equal(sender.bytesDue(1), 0);
    sender.handleSent(1000, 2);
    assert.equal(sender.nextTimeout(), Infinity);
  },
});
