import { Experiment } from "./experiment.ts";
const [kind, cap, q, d, sec] = Deno.args;
const e = new Experiment({ bitsPerSecond: Number(cap) * 1e6, delayMs: Number(d), queueMs: Number(q) }, 1);
e.addMedia({ startMs: 5000 });
e.addTcp({ kind: kind as "reno" });
e.runTo(Number(sec ?? 60));
