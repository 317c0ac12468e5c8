import { Experiment, mean, type Sample } from "./experiment.ts";
import { show } from "./scratch.ts";
const M = 1e6;
{
  const e = new Experiment({
    bitsPerSecond: 30 * M,
    delayMs: 50,
    jitterMs: 15,
    loss: { goodRun: 100, badRun: 2 },
    queueBytes: 100_000,
  });
  e.addMedia();
  e.runTo(60);
  show("cell full", e);
}
{
  const e = new Experiment({ bitsPerSecond: 5 * M, delayMs: 10, loss: { fraction: .15 } });
  e.addMedia();
  e.runTo(10);
  show("15", e);
}
