import assert from "node:assert/strict";
import { resetSync } from "@logtape/logtape";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import type { WebhookEvent } from "../../webhooks/webhook_event.ts";
import { configureLogs } from "../log.ts";
import { WebhookEndpoint } from "./endpoint.ts";
import type { RequestOutcome, RequestResult, WebhookRequest } from "./sender.ts";

const permissions = "none";
const URL_WITH_SECRET = new URL("https://receiver.example/hook/north?token=south");

/** A request that is on its way. */
interface Sent extends WebhookRequest {
  readonly signal: AbortSignal;
  readonly answer: (outcome: RequestOutcome, reason?: string) => Promise<void>;
}

function event(id: string, roomId = "blue"): WebhookEvent {
  return { id, type: "room.started", timestamp: "2026-12-01T08:00:00.000Z", server: "s", data: { roomId } };
}

/** Lets what was resolved be handled. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

function setUp() {
  const clock = new VirtualClock(5000);
  const sent: Sent[] = [];
  const endpoint = new WebhookEndpoint({
    url: URL_WITH_SECRET,
    keys: [new Uint8Array(32)],
    clock,
    random: { uint32: () => 0, text: () => "" },
    unixMs: () => 1_800_000_000_000 + clock.now(),
    send(request, signal) {
      const result = Promise.withResolvers<RequestResult>();
      const answer = (outcome: RequestOutcome, reason = "told so") => {
        result.resolve({ outcome, reason });
        return turn();
      };
      sent.push({ ...request, signal, answer });
      return result.promise;
    },
  });
  return { clock, sent, endpoint };
}

/** What is logged meanwhile, without the time. */
async function logOf(act: () => Promise<void>): Promise<string[]> {
  const lines: string[] = [];
  configureLogs([{ area: [], level: "info" }], { write: (line) => lines.push(line), colors: false });
  try {
    await act();
  } finally {
    resetSync();
  }
  return lines.map((line) => line.replace(/^\S+ +/, "").trimEnd());
}

Deno.test({
  name:
    "B512: who pushes an event waits for nothing: it is looked at in a later turn, and only then written and signed",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    endpoint.push(event("s-1"));
    endpoint.push(event("s-2", "red"));
    assert.deepEqual([sent.length, endpoint.queued, clock.pendingCount], [0, 2, 1]);
    clock.advance(0);
    assert.deepEqual(sent.map(({ headers }) => headers["webhook-id"]), ["s-1", "s-2"]);
    for (const { answer } of sent) await answer("delivered");
    assert.deepEqual([endpoint.queued, clock.pendingCount, endpoint.counts.delivered], [0, 0, 2]);
  },
});

Deno.test({
  name: "B505, B507: what fails is sent again with the same id and body, and the time and signature of that attempt",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    endpoint.push(event("s-1"));
    clock.advance(0);
    await sent[0].answer("refused");
    clock.advance(999);
    assert.equal(sent.length, 1);
    clock.advance(1);
    assert.equal(sent.length, 2);
    await sent[1].answer("timed-out");
    clock.advance(2000);
    assert.deepEqual(sent.map(({ failures }) => failures), [0, 1, 2]);
    assert.equal(new Set(sent.map(({ body }) => body)).size, 1);
    assert.deepEqual(sent.map(({ headers }) => headers["webhook-timestamp"]), [
      "1800000005",
      "1800000006",
      "1800000008",
    ]);
    assert.equal(new Set(sent.map(({ headers }) => headers["webhook-signature"])).size, 3);
    await sent[2].answer("delivered");
    const { delivered, refused, "timed-out": timedOut } = endpoint.counts;
    assert.deepEqual([delivered, refused, timedOut, endpoint.queued, clock.pendingCount], [1, 1, 1, 0, 0]);
  },
});

Deno.test({
  name: "B507: a receiver that is gone is told of nothing any more",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    const log = await logOf(async () => {
      for (const id of ["s-1", "s-2"]) endpoint.push(event(id));
      for (const roomId of ["red", "green", "grey"]) endpoint.push(event("s-3", roomId));
      clock.advance(0);
      await sent[0].answer("gone", "the answer has status 410");
      await sent[1].answer("delivered");
      await sent[2].answer("gone");
      await sent[3].answer("failed");
      endpoint.push(event("s-4"));
      clock.advance(3_600_000);
    });
    assert.deepEqual([sent.length, endpoint.queued, endpoint.dropped, clock.pendingCount], [4, 0, 5, 0]);
    assert.deepEqual(log, [
      'WARN  switchboard.webhook https://receiver.example wants no events any more ("the answer has status 410"): ' +
      "it is told of none",
    ]);
  },
});

Deno.test({
  name: "B511: that a receiver fails is logged once, and that it is back; of its URL no more than the origin",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    const log = await logOf(async () => {
      for (let i = 0; i < 102; i++) endpoint.push(event(`s-${i}`));
      clock.advance(0);
      await sent[0].answer("refused", "the answer has status 500");
      clock.advance(1000);
      await sent[1].answer("failed", "it hangs up");
      clock.advance(2000);
      await sent[2].answer("delivered");
    });
    assert.deepEqual(log, [
      'WARN  switchboard.webhook events do not reach https://receiver.example: "the answer has status 500"; ' +
      "they are sent again",
      "INFO  switchboard.webhook events reach https://receiver.example again",
      "WARN  switchboard.webhook https://receiver.example was not told of 2 events",
    ]);
    assert.equal(JSON.parse(sent[0].body).lost, 2);
  },
});

Deno.test({
  name: "B511: one event that a receiver never takes, among many that it does, makes one line of the log",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    const log = await logOf(async () => {
      endpoint.push(event("s-0", "red"));
      for (let i = 1; i < 50; i++) {
        endpoint.push(event(`s-${i}`));
        clock.advance(1000);
        for (const request of sent.splice(0)) {
          await request.answer(request.headers["webhook-id"] === "s-0" ? "refused" : "delivered");
        }
      }
    });
    assert.equal(endpoint.counts.delivered, 49);
    assert.ok(endpoint.counts.refused > 3);
    assert.equal(log.length, 1, log.join("\n"));
  },
});

Deno.test({
  name: "B511: what a receiver loses that is too slow is logged once in a minute, and at the end",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    const log = await logOf(async () => {
      for (let second = 0; second < 90; second++) {
        for (let i = 0; i < 150; i++) endpoint.push(event(`s-${i}`));
        clock.advance(1000);
        for (const request of sent.splice(0)) await request.answer("delivered");
      }
      const closed = endpoint.close(2000);
      clock.advance(2000);
      await closed;
    });
    const counts = log.map((line) => Number(/was not told of (\d+) events$/.exec(line)?.[1]));
    assert.equal(counts.length, 3, log.join("\n"));
    assert.equal(counts.reduce((sum, count) => sum + count), endpoint.dropped);
  },
});

Deno.test({
  name: "B512: the end waits for the last events, but those that fail then, and leaves no timer",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    endpoint.push(event("s-1"));
    endpoint.push(event("s-2", "red"));
    clock.advance(0);
    await sent[0].answer("refused");
    endpoint.push(event("s-3", "red"));
    let isClosed = false;
    const closed = endpoint.close(2000).then(() => isClosed = true);
    assert.equal(sent.length, 3, "the one that failed is tried again at once");
    await sent[2].answer("failed");
    await sent[1].answer("delivered");
    assert.deepEqual([sent.length, isClosed], [4, false]);
    await sent[3].answer("delivered");
    await closed;
    assert.deepEqual([endpoint.queued, endpoint.dropped, clock.pendingCount], [0, 1, 0]);
    endpoint.push(event("s-4"));
    assert.deepEqual([endpoint.queued, clock.pendingCount], [0, 0]);
  },
});

Deno.test({
  name: "B512: the end waits for two seconds at most, and then breaks off what is on its way",
  permissions,
  async fn() {
    const { clock, sent, endpoint } = setUp();
    for (const id of ["s-1", "s-2"]) endpoint.push(event(id));
    let isClosed = false;
    const closed = endpoint.close(2000).then(() => isClosed = true);
    clock.advance(1999);
    await turn();
    assert.deepEqual([isClosed, sent[0].signal.aborted], [false, false]);
    clock.advance(1);
    await closed;
    assert.deepEqual([sent[0].signal.aborted, endpoint.queued, endpoint.dropped, clock.pendingCount], [true, 0, 2, 0]);
    await sent[0].answer("failed");
    assert.deepEqual([sent.length, endpoint.counts.failed], [1, 0]);
  },
});
