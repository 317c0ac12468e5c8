import assert from "node:assert/strict";
import { signedHeaders, webhookKey } from "./signature.ts";

/** Published with the libraries of Standard Webhooks. */
const KNOWN = {
  secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  message: { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", unixSeconds: 1614265330, body: '{"test": 2432232314}' },
  signature: "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
};

function keyOf(secret: string): Uint8Array {
  const key = webhookKey(secret);
  assert.ok(key);
  return key;
}

Deno.test({
  name: "B505: a message is signed as Standard Webhooks has it",
  permissions: "none",
  fn() {
    assert.deepEqual(signedHeaders(KNOWN.message, [keyOf(KNOWN.secret)]), {
      "webhook-id": KNOWN.message.id,
      "webhook-timestamp": "1614265330",
      "webhook-signature": KNOWN.signature,
    });
  },
});

Deno.test({
  name: "B505: with two keys there are two signatures, either of which does, and text is signed as UTF-8",
  permissions: "none",
  fn() {
    const keys = [keyOf(KNOWN.secret), new Uint8Array(32)];
    const message = { id: "a-1", unixSeconds: 1, body: '{"name":"Zoë 🎥"}' };
    const both = signedHeaders(message, keys)["webhook-signature"];
    assert.equal(both, keys.map((key) => signedHeaders(message, [key])["webhook-signature"]).join(" "));
    assert.equal(new Set(both.split(" ")).size, 2);
    for (const change of [{ id: "a-2" }, { unixSeconds: 2 }, { body: '{"name":"Zoe 🎥"}' }]) {
      assert.notEqual(signedHeaders({ ...message, ...change }, keys)["webhook-signature"], both);
    }
  },
});

Deno.test({
  name: "B511: a secret is whsec_ and the base64 of 24 to 64 bytes, and nothing else",
  permissions: "none",
  fn() {
    const secretOf = (bytes: number) => `whsec_${new Uint8Array(bytes).toBase64()}`;
    for (const bytes of [24, 25, 32, 64]) assert.equal(webhookKey(secretOf(bytes))?.length, bytes);
    const wrong = [
      "",
      "whsec_",
      "north",
      secretOf(23),
      secretOf(65),
      secretOf(32).slice(6),
      ` ${secretOf(32)}`,
      `${secretOf(32)} `,
      secretOf(32).replace("A", "-"),
      secretOf(32).slice(0, -1),
    ];
    for (const secret of wrong) assert.equal(webhookKey(secret), undefined, secret);
  },
});
