import { Experiment, mean } from "./experiment.ts";
const M = 1e6;
const pct = (x: number) => `${Math.round(100 * x)}%`.padStart(5);
for (const kind of ["reno", "cubic"] as const) {
  for (const cap of [1, 2, 5]) {
    for (const q of [100, 300, 600]) {
      for (const d of [10, 50]) {
        const rows: string[] = [];
        for (const seed of [1, 2, 3]) {
          const e = new Experiment({ bitsPerSecond: cap * M, delayMs: d, queueMs: q }, seed);
          const first = seed !== 2;
          e.addMedia({ startMs: first ? 5000 : 0 });
          e.addTcp({ kind, startMs: first ? 0 : 5000 });
          e.runTo(120);
          const part = (a: number, b: number) => pct(mean(e.between(a, b), (s) => s.flows[0].received) / (cap * M));
          rows.push(`${part(5, 35)} ${part(35, 120)} tcp ${pct(mean(e.between(35, 120), (s) => s.tcp) / cap / M)}`);
        }
        console.log(kind, cap, "q", q, "d", d, rows.join(" | "));
      }
    }
  }
}
