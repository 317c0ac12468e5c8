import assert from "node:assert/strict";
import { NodeKeyPair } from "./direct_keys.ts";

Deno.test({
  name: "B462: two nodes derive the same keys, another one for each direction, from their names and public keys",
  permissions: "none",
  fn() {
    const [a, b] = [new NodeKeyPair(), new NodeKeyPair()];
    const ofA = a.agree("a", { name: "b", publicKey: b.publicKey });
    const ofB = b.agree("b", { name: "a", publicKey: a.publicKey });
    assert.ok(ofA && ofB);
    assert.deepEqual([ofA.send, ofA.receive], [ofB.receive, ofB.send]);
    assert.deepEqual([ofA.send.key.length, ofA.send.salt.length], [16, 12]);
    const renamed = a.agree("a", { name: "c", publicKey: b.publicKey });
    const exchanged = a.agree("b", { name: "a", publicKey: b.publicKey });
    const [fresh, again] = [new NodeKeyPair(), a.agree("a", { name: "b", publicKey: b.publicKey })];
    const restarted = a.agree("a", { name: "b", publicKey: fresh.publicKey });
    assert.deepEqual(again, ofA);
    const others = [renamed, exchanged, restarted].flatMap((keys) => [keys?.send, keys?.receive]);
    const all = [ofA.send, ofA.receive, ...others].map((keys) => keys && `${keys.key} ${keys.salt} ${keys.id}`);
    assert.ok(!all.includes(undefined));
    assert.equal(new Set(all).size, 8);
  },
});

Deno.test({
  name: "B462: a public key that is none, or of small order, has no secret with anybody",
  permissions: "none",
  fn() {
    const own = new NodeKeyPair();
    const zero = "A".repeat(43);
    const one = `AQ${"A".repeat(41)}`;
    for (const publicKey of ["", "AAAA", "?".repeat(43), "A".repeat(44), zero, one]) {
      assert.equal(own.agree("a", { name: "b", publicKey }), undefined, publicKey);
    }
  },
});
