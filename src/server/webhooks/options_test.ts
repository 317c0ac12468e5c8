import assert from "node:assert/strict";
import { checkWebhooks, keysOf, type WebhookOptions } from "./options.ts";

const SECRET = `whsec_${new Uint8Array(32).toBase64()}`;
const permissions = "none";

function problemOf(options: Partial<WebhookOptions>): string {
  try {
    checkWebhooks({ urls: ["https://a.example/"], secret: SECRET, ...options });
    return "";
  } catch (error) {
    assert.ok(error instanceof TypeError);
    return error.message;
  }
}

Deno.test({
  name: "B511: an embedder is told by a TypeError of what is no URL or no secret, which it does not repeat",
  permissions,
  fn() {
    assert.equal(problemOf({}), "");
    assert.equal(problemOf({ urls: ["http://localhost:3000/a"], allowPrivate: true }), "");
    assert.equal(problemOf({ secret: [SECRET, SECRET] }), "");
    assert.match(problemOf({ urls: [] }), /^webhooks: 0 URLs, where there can be 1 to 8$/);
    assert.match(problemOf({ urls: Array(9).fill("https://a.example/") }), /^webhooks: 9 URLs/);
    assert.match(problemOf({ urls: ["http://a.example/"] }), /^webhooks: a URL is of http, /);
    for (
      const url of ["north", "ftp://north", "https://north@a.example/", "https://a.example/#north", "file:///north"]
    ) {
      assert.match(problemOf({ urls: [url], allowPrivate: true }), /^webhooks: a URL is none of https or http/);
      assert.doesNotMatch(problemOf({ urls: [url] }), /north/);
    }
    for (const secret of ["", "north", [], [SECRET, "north"]]) {
      assert.equal(problemOf({ secret }), "webhooks: a secret is whsec_ and the base64 of 24 to 64 bytes");
    }
  },
});

Deno.test({
  name: "B511: each secret is a key",
  permissions,
  fn() {
    assert.deepEqual(keysOf(SECRET), [new Uint8Array(32)]);
    assert.equal(keysOf([SECRET, SECRET]).length, 2);
  },
});
