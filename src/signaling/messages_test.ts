import assert from "node:assert/strict";
import { clientMessageSchema, errorCodeSchema, serverMessageSchema } from "./messages.ts";

/** The types in the first column of the tables of docs/protocol.md. */
function documentedTypes(page: string): Set<string> {
  return new Set([...page.matchAll(/^\| `(\w+)` +\|/gm)].map(([, type]) => type));
}

Deno.test({
  name: "the page of the protocol names every message and every error code, and no others",
  permissions: { read: ["docs"] },
  fn() {
    const page = Deno.readTextFileSync("docs/protocol.md");
    const schemas = [...clientMessageSchema.options, ...serverMessageSchema.options];
    const types = new Set<string>(schemas.map((schema) => schema.shape.type.value));
    assert.deepEqual([...documentedTypes(page)].sort(), [...types].sort());
    for (const code of errorCodeSchema.options) assert.ok(page.includes(`\`${code}\``), `${code} is not on the page`);
  },
});

Deno.test({
  name: "names have no control characters, and everything a client sends has a bound",
  permissions: "none",
  fn() {
    const join = (fields: object) => clientMessageSchema.safeParse({ type: "join", roomId: "r", ...fields }).success;
    assert.equal(join({ name: "Ann é 日本" }), true);
    assert.equal(join({ name: "a\nb" }), false);
    assert.equal(join({ name: "x".repeat(65) }), false);
    assert.equal(join({ roomId: "x".repeat(129) }), false);
    assert.equal(join({ resume: "x".repeat(257) }), false);
    const offer = (tracks: unknown) => clientMessageSchema.safeParse({ type: "offer", sdp: "v=0", tracks }).success;
    assert.equal(offer(Array.from({ length: 1024 }, () => ({ mid: "0", slot: true }))), true);
    assert.equal(offer(Array.from({ length: 1025 }, () => ({ mid: "0", slot: true }))), false);
    assert.equal(offer([{ mid: "0", source: "telescope" }]), false);
  },
});
