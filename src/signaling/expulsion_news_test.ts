import assert from "node:assert/strict";
import { MAX_BROKER_MESSAGE } from "../bus/broker.ts";
import { MAX_TOLD_REVOCATIONS, readExpulsionNews } from "./expulsion_news.ts";

Deno.test({
  name: "B452: what names a peer of a room, or tokens with a time, is taken, and nothing else is",
  permissions: "none",
  fn() {
    const kick = { type: "kick", roomId: "room", peerId: "ann" };
    assert.deepEqual(readExpulsionNews({ ...kick, more: 1 }), kick);
    const revocation = { identity: "ann", atSeconds: 17 };
    const revoked = { type: "revoked", revocations: [revocation, { ...revocation, roomId: "room" }] };
    assert.deepEqual(readExpulsionNews(revoked), revoked);
    assert.deepEqual(readExpulsionNews({ ...revoked, revocations: [] }), { ...revoked, revocations: [] });
    const others = [
      ...[undefined, null, 1, "kick", [], {}],
      ...["", "x".repeat(129), 1].map((roomId) => ({ ...kick, roomId })),
      ...["", "x".repeat(65), 1].map((peerId) => ({ ...kick, peerId })),
      ...[-1, 0.5, "now", undefined].map((atSeconds) => ({ ...revoked, revocations: [{ ...revocation, atSeconds }] })),
      ...["", "x".repeat(129)].map((identity) => ({ ...revoked, revocations: [{ ...revocation, identity }] })),
      { ...revoked, revocations: Array(MAX_TOLD_REVOCATIONS + 1).fill(revocation) },
      { ...revoked, type: "here" },
    ];
    for (const value of others) {
      assert.equal(readExpulsionNews(value), undefined, `${JSON.stringify(value)}`.slice(0, 200));
    }
  },
});

Deno.test({
  name:
    "B452: as many revocations as a message may have, each with the longest names, are no longer than a broker's message",
  permissions: "none",
  fn() {
    const longest = { identity: "\u0001".repeat(128), roomId: "\u20ac".repeat(128), atSeconds: 1_800_000_000 };
    const news = { type: "revoked", revocations: Array(MAX_TOLD_REVOCATIONS).fill(longest) };
    assert.deepEqual(readExpulsionNews(news), news);
    assert.ok(new TextEncoder().encode(JSON.stringify(news)).length <= MAX_BROKER_MESSAGE);
  },
});
