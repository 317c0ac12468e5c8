import assert from "node:assert/strict";
import type { Speaker } from "../sfu/types.ts";
import { RecentSpeakers } from "./recent_speakers.ts";

function active(...ids: string[]): Speaker[] {
  return ids.map((peerId) => ({ peerId, level: 0.5 }));
}

Deno.test({
  name: "P96: the dominant speaker is the most recent one, then who began last; silence changes no order",
  permissions: "none",
  fn() {
    const speech = new RecentSpeakers();
    const everybody = () => true;
    const orders: (readonly string[])[] = [];
    for (
      const told of [
        { dominant: "a", active: active("a") },
        { dominant: "a", active: active("a", "b") },
        { dominant: "a", active: active("b") },
        { dominant: "c", active: active("c", "b") },
        { dominant: "c", active: [] },
        { dominant: "b", active: active("b") },
      ]
    ) {
      speech.update(told, everybody);
      orders.push(speech.order);
    }
    assert.deepEqual(orders, [
      ["a"],
      ["a", "b"],
      ["a", "b"],
      ["c", "a", "b"],
      ["c", "a", "b"],
      ["b", "c", "a"],
    ]);
  },
});

Deno.test({
  name: "P96: who has left is no speaker, whether it is told of before or after",
  permissions: "none",
  fn() {
    const speech = new RecentSpeakers();
    const present = new Set(["a", "b"]);
    const isPresent = (id: string) => present.has(id);
    speech.update({ dominant: "a", active: active("a", "b") }, isPresent);
    present.delete("a");
    speech.forget("a");
    assert.deepEqual(speech.speakers, { active: active("b") });
    assert.deepEqual(speech.order, ["b"]);
    speech.update({ dominant: "a", active: active("a", "b") }, isPresent);
    assert.deepEqual(speech.speakers, { active: active("b") });
    assert.deepEqual(speech.order, ["b"]);
  },
});
