import assert from "node:assert/strict";
import { jsonBytes, readAdminNews } from "./admin_news.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

test("B501: news that other servers tell are taken as they were told, and anything else is none", () => {
  for (
    const news of [
      { type: "endRoom", roomId: "blue" },
      { type: "sendMessage", message: null },
      { type: "sendMessage", roomId: "blue", message: { a: [1, "b", true] } },
      { type: "sendMessage", message: JSON.parse("[".repeat(8000) + "]".repeat(8000)) },
    ]
  ) assert.equal(JSON.stringify(readAdminNews(JSON.parse(JSON.stringify(news)))), JSON.stringify(news));
  for (
    const value of [
      undefined,
      null,
      "endRoom",
      { type: "endRoom" },
      { type: "endRoom", roomId: "\n" },
      { type: "sendMessage", roomId: "", message: 1 },
      { type: "sendMessage", roomId: "blue" },
      { type: "drain", seconds: 1 },
    ]
  ) assert.equal(readAdminNews(value), undefined, JSON.stringify(value));
});

test("B498: the length of a message is that of its JSON in UTF-8", () => {
  assert.equal(jsonBytes("é"), 4);
  assert.equal(jsonBytes({ a: 1 }), 7);
  assert.equal(jsonBytes(undefined), Infinity);
});
