import { Experiment, mean, type Sample } from "./experiment.ts";
const M = 1e6;
const k = (n: number) => Math.round(n / 1000);
function stat(name: string, e: Experiment, from: number, to: number) {
  const g = e.between(from, to);
  const words: Record<string, number> = {};
  for (const s of g) for (const f of s.flows) words[f.limitedBy] = (words[f.limitedBy] ?? 0) + 1;
  console.log(
    name.padEnd(12),
    `${from}-${to}`,
    "cap",
    k(mean(g, (s) => s.capacity)),
    "rx",
    g[0].flows.map((_, i) =>
      `${k(mean(g, (s) => s.flows[i].received))}[${k(Math.min(...g.map((s) => s.flows[i].estimate)))}-${
        k(Math.max(...g.map((s) => s.flows[i].estimate)))
      }]`
    ).join(" "),
    "tcp",
    k(mean(g, (s: Sample) => s.tcp)),
    "maxq",
    Math.round(Math.max(...g.map((s) => s.queueMs))),
    JSON.stringify(words),
    e.flows.map((f) => f.estimator.inherentLossFraction.toFixed(2)).join(),
  );
}
const L = (bps: number, delayMs: number, more = {}) => ({ bitsPerSecond: bps * M, delayMs, ...more });
for (const seed of Deno.args.length ? Deno.args.map(Number) : [1]) {
  console.log("seed", seed);
  const E = (l: ReturnType<typeof L>) => new Experiment(l, seed);
  {
    const e = E(L(2, 50, { queueMs: 300 }));
    e.addMedia();
    e.runTo(60);
    stat("plain", e, 10, 30);
    stat("plain", e, 30, 60);
  }
  for (const p of [.02, .1]) {
    const e = E(L(2, 50, { queueMs: 300, loss: { fraction: p } }));
    e.addMedia();
    e.runTo(60);
    stat("loss" + p, e, 10, 30);
    stat("loss" + p, e, 30, 60);
  }
  {
    const e = E(L(2, 200, { loss: { fraction: .1 } }));
    e.addMedia();
    e.runTo(120);
    stat("C loss10", e, 60, 120);
  }
  {
    const e = E(L(.5, 100));
    e.addMedia();
    e.at(25, () => e.link.setCapacity(.8 * M));
    e.at(45, () => {
      e.link.setCapacity(.1 * M);
      e.link.delayMs = 200;
    });
    e.runTo(95);
    stat("C steps", e, 24.8, 25);
    stat("C steps", e, 44.8, 45);
    stat("C steps", e, 94.8, 95);
  }
  {
    const e = E(L(.5, 100));
    e.addMedia();
    e.runTo(50);
    stat("C steady", e, 30, 50);
  }
  {
    const e = E(L(1, 100));
    e.addMedia({ reportsOnly: true });
    e.runTo(20);
    stat("C rr", e, 19.8, 20);
    e.link.loss = { fraction: .15 };
    e.runTo(40);
    stat("C rr", e, 39.8, 40);
  }
  {
    const e = E(L(1, 50));
    e.addMedia();
    e.addTcp({});
    e.runTo(10);
    stat("C tcp", e, 9.8, 10);
  }
  {
    const e = E(L(1, 50));
    e.addMedia();
    e.addTcp({ startMs: 5000 });
    e.runTo(15);
    stat("C tcp2", e, 14.8, 15);
  }
  {
    const e = E(L(1, 100));
    e.addMedia();
    e.at(20, () => e.link.setCapacity(0));
    e.runTo(23);
    stat("C frozen", e, 22.8, 23);
    e.link.setCapacity(M);
    e.runTo(40);
    stat("C frozen", e, 30, 31);
  }
  {
    const e = E(L(2, 100));
    const f = e.addMedia();
    e.at(20, () => f.isPaused = true);
    e.at(24, () => f.isPaused = false);
    e.runTo(24);
    stat("C stops", e, 20, 24);
    e.runTo(30);
    stat("C stops", e, 24, 30);
  }
  {
    const e = E(L(4, 200));
    e.addMedia();
    e.runTo(120);
    stat("JVB 4M", e, 119, 120);
  }
  {
    const e = E(L(30, 50, { jitterMs: 15, loss: { goodRun: 100, badRun: 2 }, queueBytes: 100_000 }));
    e.addMedia({ layers: [250_000, 750_000, 1_500_000] });
    e.runTo(60);
    stat("S cell", e, 39, 40);
    stat("S cell", e, 50, 60);
  }
  {
    const e = E(L(30, 50, { jitterMs: 15, loss: { goodRun: 100, badRun: 2 }, queueBytes: 100_000 }));
    e.addMedia();
    e.runTo(60);
    stat("cell full", e, 10, 30);
    stat("cell full", e, 30, 60);
  }
  {
    const e = E(L(10, 10, { queueBytes: 50_000 }));
    e.addMedia();
    e.steps([[20, .8 * M], [40, 10 * M]]);
    e.runTo(80);
    stat("S collapse", e, 19.8, 20);
    stat("S coll", e, 24.8, 25);
    stat("S coll", e, 30, 40);
    stat("S coll", e, 50, 51);
    stat("S coll", e, 79.8, 80);
  }
  {
    const e = E(L(5, 20));
    e.addMedia();
    e.steps([[20, 1 * M], [22, 5 * M]]);
    e.runTo(50);
    stat("S dip", e, 20.4, 22);
    stat("S dip", e, 22, 25);
    stat("S dip", e, 46.8, 47);
  }
  {
    const e = E(L(5, 20));
    e.addMedia();
    e.at(20, () => e.link.delayMs = 150);
    e.at(23, () => e.link.delayMs = 20);
    e.runTo(50);
    stat("S latency", e, 20, 23);
    stat("S latency", e, 32.8, 33);
  }
  for (const [p, d, t] of [[.1, 20, 8], [.15, 10, 5]]) {
    const e = E(L(5, d, { loss: { fraction: p } }));
    e.addMedia();
    e.runTo(60);
    stat("S loss" + p, e, t - .2, t);
    stat("S loss" + p, e, 10, 60);
  }
  {
    const e = E(L(10, 10));
    e.addMedia({ maxMediaBitsPerSecond: M });
    e.runTo(30);
    stat("S only1", e, 11.8, 12);
    stat("S only1", e, 12, 30);
  }
  {
    const e = E(L(1, 50, { queueMs: 300 }));
    e.addMedia();
    e.steps([[40, 2.5 * M], [60, .6 * M], [80, M]]);
    e.runTo(100);
    for (const [a, b] of [[10, 40], [50, 60], [62, 80], [90, 100], [60, 62]]) stat("5.1", e, a, b);
  }
  {
    const e = E(L(4, 50, { queueMs: 300 }));
    e.addMedia();
    e.addMedia();
    e.steps([[25, 2 * M], [50, 3.5 * M], [75, 1 * M], [100, 2 * M]]);
    e.runTo(125);
    for (const a of [0, 25, 50, 75, 100]) stat("5.2", e, a + 10, a + 25);
  }
  {
    const e = E(L(3.5, 50, { queueMs: 300 }));
    for (const s of [0, 20000, 40000]) e.addMedia({ startMs: s });
    e.runTo(120);
    stat("5.4", e, 60, 120);
  }
  {
    const e = E(L(4, 0, { queueMs: 300 }));
    [10, 25, 50, 100, 150].forEach((d, i) => e.addMedia({ startMs: i * 10000, ownDelayMs: d }));
    e.runTo(300);
    stat("5.5", e, 60, 100);
    stat("5.5", e, 100, 300);
  }
  {
    const e = E(L(2, 50, { queueMs: 300 }));
    e.addMedia({ startMs: 5000 });
    e.addTcp();
    e.runTo(120);
    stat("5.6", e, 30, 120);
  }
  {
    const e = E(L(3.5, 50, { queueMs: 300 }));
    const fs = [0, 1, 2].map(() => e.addMedia());
    e.at(40, () => fs[2].isPaused = true);
    e.at(60, () => fs[2].isPaused = false);
    e.runTo(120);
    stat("5.8", e, 10, 40);
    stat("5.8", e, 45, 60);
    stat("5.8", e, 70, 120);
  }
  {
    const e = E(L(.2, 50));
    e.addMedia();
    e.runTo(40);
    stat("low 200", e, 10, 40);
  }
  {
    const e = E(L(2, 50, { queueMs: 300 }));
    e.addMedia({ keyFrame: { size: 5, everyMs: 5000 }, burst: Infinity });
    e.runTo(60);
    stat("keyframes", e, 10, 60);
  }
  {
    const e = E(L(100, 5, { jitterMs: 2, loss: { goodRun: 200, badRun: 2 }, queueBytes: 200_000 }));
    e.addMedia({ layers: [250_000, 750_000, 2_500_000] });
    e.runTo(30);
    stat("wifi", e, 5, 30);
  }
  {
    const e = E(L(10, 80, { jitterMs: 40, loss: { goodRun: 20, badRun: 2 }, queueBytes: 50_000 }));
    e.addMedia({ layers: [250_000, 750_000, 2_500_000] });
    e.runTo(60);
    stat("congested", e, 10, 60);
  }
}
