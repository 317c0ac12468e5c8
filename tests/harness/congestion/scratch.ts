import { Experiment, mean } from "./experiment.ts";
import type { LinkOptions } from "./link.ts";
const k = (n: number) => Math.round(n / 1000);
export function show(name: string, e: Experiment, every = 1) {
  console.log(`== ${name}`);
  const step = every * 5;
  for (let i = 0; i < e.samples.length; i += step) {
    const g = e.samples.slice(i, i + step);
    console.log(
      `${(g[0].ms / 1000).toFixed(1).padStart(6)} cap ${k(g[0].capacity)} q ${
        Math.round(Math.max(...g.map((s) => s.queueMs)))
      } tcp ${k(mean(g, (s) => s.tcp))} ` +
        e.flows.map((_, f) =>
          g[0].flows[f] === undefined
            ? ""
            : `| est ${k(g[0].flows[f].estimate)} rx ${k(mean(g, (s) => s.flows[f]?.received ?? 0))} ${
              g[0].flows[f].limitedBy
            } loss ${e.flows[f] ? e.flows[f].estimator.lossFraction.toFixed(2) : ""}`
        ).join(" "),
    );
  }
}
const t0 = performance.now();
const name = Deno.args[0];
const M = 1e6;
const S: Record<string, () => void> = {
  plain() {
    const e = new Experiment({ bitsPerSecond: 2 * M, delayMs: 50, queueMs: 300 });
    e.addMedia();
    e.runTo(60);
    show("plain", e);
  },
  loss2() {
    const e = new Experiment({ bitsPerSecond: 2 * M, delayMs: 50, queueMs: 300, loss: { fraction: 0.02 } });
    e.addMedia();
    e.runTo(60);
    show("loss2", e);
  },
  loss10() {
    const e = new Experiment({ bitsPerSecond: 2 * M, delayMs: 50, queueMs: 300, loss: { fraction: 0.1 } });
    e.addMedia();
    e.runTo(60);
    show("loss10", e);
  },
  tcp() {
    const e = new Experiment({ bitsPerSecond: 2 * M, delayMs: 50, queueMs: 300 });
    e.addMedia({ startMs: 5000 });
    e.addTcp();
    e.runTo(120);
    show("tcp", e);
  },
  cubic() {
    const e = new Experiment({ bitsPerSecond: 2 * M, delayMs: 50, queueMs: 300 });
    e.addMedia({ startMs: 5000 });
    e.addTcp({ kind: "cubic" });
    e.runTo(120);
    show("cubic", e);
  },
  steps() {
    const e = new Experiment({ bitsPerSecond: 1 * M, delayMs: 50, queueMs: 300 });
    e.addMedia();
    e.steps([[40, 2.5 * M], [60, .6 * M], [80, M]]);
    e.runTo(100);
    show("5.1", e);
  },
  c1() {
    const e = new Experiment({ bitsPerSecond: .5 * M, delayMs: 100 });
    e.addMedia();
    e.at(25, () => e.link.setCapacity(.8 * M));
    e.at(45, () => {
      e.link.setCapacity(.1 * M);
      e.link.delayMs = 200;
    });
    e.runTo(95);
    show("c1", e);
  },
  fair3() {
    const e = new Experiment({ bitsPerSecond: 3.5 * M, delayMs: 50, queueMs: 300 });
    for (const s of [0, 20000, 40000]) e.addMedia({ startMs: s });
    e.runTo(120);
    show("5.4", e, 2);
  },
  fair5() {
    const e = new Experiment({ bitsPerSecond: 4 * M, delayMs: 0, queueMs: 300 });
    [10, 25, 50, 100, 150].forEach((d, i) => e.addMedia({ startMs: i * 10000, ownDelayMs: d }));
    e.runTo(300);
    show("5.5", e, 5);
  },
};
S[name]?.();
console.log(Math.round(performance.now() - t0), "ms");
