import { BandwidthEstimator } from "../../../src/congestion/bandwidth_estimator.ts";
const N = 5000;
const gc = (globalThis as { gc?: () => void }).gc!;
gc();
const h0 = Deno.memoryUsage();
const all = Array.from({ length: N }, () => new BandwidthEstimator({ nowMs: 1000.5 }));
gc();
const h1 = Deno.memoryUsage();
console.log("bytes each", (h1.heapUsed - h0.heapUsed) / N, "external", (h1.external - h0.external) / N);
let now = 1000.5;
const seqs = new Array(400).fill(0);
function frame(bytes: number) {
  for (let i = 0; i < 400; i++) {
    const e = all[i];
    for (let p = 0; p < 8; p++) seqs[i] = e.handleSent(bytes, now);
  }
}
function feed(n: number) {
  for (let i = 0; i < 400; i++) {
    const e = all[i];
    e.beginFeedback(now);
    for (let p = n - 1; p >= 0; p--) e.handleReceived((seqs[i] - p) & 0xffff, Math.round(now * 4));
    e.endFeedback();
  }
}
let tSend = 0, tFeed = 0;
for (let round = 0; round < 300; round++) {
  let t = performance.now();
  for (let f = 0; f < 3; f++) {
    now += 33.37;
    frame(1100);
  }
  const s = performance.now() - t;
  t = performance.now();
  feed(24);
  const fd = performance.now() - t;
  if (round >= 100) {
    tSend += s;
    tFeed += fd;
  }
}
console.log(
  "ns per handleSent",
  1e6 * tSend / (200 * 24 * 400),
  "ns per result",
  1e6 * tFeed / (200 * 24 * 400),
  "us per feedback",
  1e3 * tFeed / (200 * 400),
);
const m0 = Deno.memoryUsage().heapUsed;
for (let f = 0; f < 30; f++) {
  now += 33.37;
  frame(1100);
  if (f % 3 === 2) feed(24);
}
console.log(
  "heap growth per packet",
  (Deno.memoryUsage().heapUsed - m0) / (30 * 8 * 400),
  "estimate",
  all[0].bitsPerSecond,
  all[0].limitedBy,
);
gc();
console.log("bytes each in use", (Deno.memoryUsage().heapUsed - h0.heapUsed) / N);
