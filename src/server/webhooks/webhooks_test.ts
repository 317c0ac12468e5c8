import assert from "node:assert/strict";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import type { WebhookRequest } from "./sender.ts";
import { Webhooks } from "./webhooks.ts";

const URLS = ["https://one.example/", "https://two.example/"];

function setUp() {
  const clock = new VirtualClock();
  const sent: WebhookRequest[] = [];
  const webhooks = new Webhooks({ urls: URLS, secret: `whsec_${new Uint8Array(32).toBase64()}` }, {
    server: "server",
    clock,
    random: { uint32: () => 0, text: () => "" },
    unixMs: () => Date.UTC(2026, 11, 1, 8) + clock.now(),
    send(request) {
      sent.push(request);
      const outcome = request.url.host === "one.example" ? "delivered" : "refused";
      return Promise.resolve({ outcome, reason: "told so" });
    },
  });
  return { clock, sent, webhooks };
}

/** Lets what was resolved be handled. */
async function turn(): Promise<void> {
  for (let i = 0; i < 5; i++) await Promise.resolve();
}

Deno.test({
  name: "B505: each URL is told of each event, under the same id and with the time at which it happened",
  permissions: "none",
  async fn() {
    const { clock, sent, webhooks } = setUp();
    webhooks.handle({ type: "roomStarted", roomId: "blue" });
    clock.advance(250);
    webhooks.handle({ type: "roomStarted", roomId: "red" });
    clock.advance(0);
    await turn();
    const bodies = sent.map(({ url, body }) => [url.host, JSON.parse(body)]);
    const event = (id: string, timestamp: string, roomId: string) => ({
      id,
      type: "room.started",
      timestamp,
      server: "server",
      data: { roomId },
    });
    const [blue, red] = [
      event("server-1", "2026-12-01T08:00:00.000Z", "blue"),
      event("server-2", "2026-12-01T08:00:00.250Z", "red"),
    ];
    assert.deepEqual(bodies, [["one.example", blue], ["two.example", blue], ["one.example", red], [
      "two.example",
      red,
    ]]);
    const { requests, queued, dropped } = webhooks.figures;
    assert.deepEqual([requests.delivered, requests.refused, queued, dropped], [2, 2, 2, 0]);
  },
});

Deno.test({
  name: "B512: the end is one for all URLs, and who asks for it again gets the same",
  permissions: "none",
  async fn() {
    const { clock, webhooks } = setUp();
    webhooks.handle({ type: "roomStarted", roomId: "blue" });
    const closed = webhooks.close();
    assert.equal(webhooks.close(), closed);
    await closed;
    webhooks.handle({ type: "roomEnded", roomId: "blue" });
    const { requests, queued, dropped } = webhooks.figures;
    assert.deepEqual([requests.delivered, requests.refused, queued, dropped, clock.pendingCount], [1, 1, 0, 1, 0]);
  },
});
