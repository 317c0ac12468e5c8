import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { type MediaFigures, noFigures } from "../media/media_figures.ts";
import { GATHER_MS } from "./media_host.ts";
import { WorkerFigures } from "./worker_figures.ts";

function sent(packets: number): MediaFigures {
  const figures = noFigures();
  figures.tracks.video.packetsSent = packets;
  return figures;
}

function setUp() {
  const clock = new VirtualClock();
  const figures = new WorkerFigures(clock);
  let asked = 0;
  /** What is told once the worker has answered, failed, or let the time pass. */
  const gather = async () => {
    const { isUp, failures, figures: { tracks } } = await figures.gather(() => void asked++);
    return [isUp, failures, tracks.video.packetsSent];
  };
  return { clock, figures, gather, asked: () => asked };
}

Deno.test({
  name: "B257: a worker is asked once for all who ask meanwhile, and its answer leaves no timer",
  permissions: "none",
  async fn() {
    const { clock, figures, gather, asked } = setUp();
    const both = [gather(), gather()];
    assert.equal(asked(), 1);
    figures.handleAnswer(sent(5));
    assert.deepEqual(await Promise.all(both), [[true, 0, 5], [true, 0, 5]]);
    assert.equal(clock.pendingCount, 0);
    const next = gather();
    assert.equal(asked(), 2);
    figures.handleAnswer(sent(6));
    assert.deepEqual(await next, [true, 0, 6]);
  },
});

Deno.test({
  name:
    "B257: a worker that does not answer within a second is told as down, with what it told last, and not asked again",
  permissions: "none",
  async fn() {
    const { clock, figures, gather, asked } = setUp();
    const first = gather();
    figures.handleAnswer(sent(5));
    await first;
    for (let i = 0; i < 3; i++) {
      const gathered = gather();
      clock.advance(GATHER_MS);
      assert.deepEqual(await gathered, [false, 0, 5]);
    }
    assert.equal(asked(), 2);
    figures.handleAnswer(sent(9));
    const gathered = gather();
    assert.equal(asked(), 3);
    clock.advance(GATHER_MS);
    assert.deepEqual(await gathered, [false, 0, 9], "what came late counts");
  },
});

Deno.test({
  name: "B256: a worker that fails takes nothing back of what it has told, and its successor adds to it",
  permissions: "none",
  async fn() {
    const { clock, figures, gather, asked } = setUp();
    const before = gather();
    figures.handleAnswer(sent(5));
    await before;
    const meanwhile = gather();
    figures.handleFailure();
    assert.deepEqual(await meanwhile, [false, 1, 5], "who waits is told at once");
    assert.equal(clock.pendingCount, 0);
    const after = gather();
    assert.equal(asked(), 3);
    figures.handleAnswer(sent(2));
    assert.deepEqual(await after, [true, 1, 7]);
    figures.handleFailure();
    const { isUp, failures, figures: { tracks } } = figures.withoutWorker;
    assert.deepEqual([isUp, failures, tracks.video.packetsSent], [false, 2, 7]);
  },
});

Deno.test({
  name: "B44: who waits at the close is told what is known, and no timer is left",
  permissions: "none",
  async fn() {
    const { clock, figures, gather } = setUp();
    const gathered = gather();
    figures.close();
    assert.deepEqual(await gathered, [false, 0, 0]);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B262: the longest turn of a worker that failed is not told again and again",
  permissions: "none",
  async fn() {
    const { figures } = setUp();
    const answered = async (longestTurnMs: number) => {
      const gathered = figures.gather(() => {});
      const { turns, ...rest } = noFigures();
      figures.handleAnswer({ ...rest, turns: { ...turns, longestTurnMs } });
      return (await gathered).figures.turns.longestTurnMs;
    };
    assert.equal(await answered(500), 500);
    figures.handleFailure();
    assert.equal(await answered(1), 1);
  },
});
