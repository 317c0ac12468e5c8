import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { SecretSearch } from "./secret_search.ts";

const KEY = Uint8Array.from({ length: 16 }, (_, index) => 0xf9 + 37 * index);

function search(): SecretSearch {
  const secrets = new SecretSearch();
  secrets.addText("password", "p+ss/w rd-12345", "alice");
  secrets.addBytes("key", KEY);
  return secrets;
}

for (
  const [form, text, name] of [
    ["as it is", "wrong: p+ss/w rd-12345!", "password"],
    ["in a URL", `?token=${encodeURIComponent("p+ss/w rd-12345")}`, "password"],
    ["as base64 within other base64", Buffer.from("user:p+ss/w rd-12345").toString("base64"), "password"],
    ["in hex", `key ${Buffer.from(KEY).toString("hex")}.`, "key"],
    ["in capital hex with colons", Buffer.from(KEY).toString("hex").toUpperCase().replace(/..(?=.)/g, "$&:"), "key"],
    ["in base64", Buffer.from(KEY).toString("base64"), "key"],
    ["in base64url behind two bytes", Buffer.concat([Buffer.of(1, 2), KEY]).toString("base64url"), "key"],
    ["in base64 before other bytes", Buffer.concat([Buffer.of(1), KEY, Buffer.of(3)]).toString("base64"), "key"],
    ["as Deno.inspect shows it", Deno.inspect({ keys: [KEY] }), "key"],
    ["as JSON of a typed array", JSON.stringify({ type: "Buffer", data: [...KEY] }), "key"],
  ] as const
) {
  Deno.test({
    name: `a secret is found ${form}`,
    permissions: "none",
    fn() {
      assert.deepEqual(search().find(text), [name]);
    },
  });
}

Deno.test({
  name: "a secret may be seen by its owner alone, and other text has none",
  permissions: "none",
  fn() {
    const secrets = search();
    assert.equal(secrets.size, 2);
    assert.deepEqual(secrets.find("p+ss/w rd-12345", "alice"), []);
    assert.deepEqual(secrets.find("p+ss/w rd-12345", "bob"), ["password"]);
    assert.deepEqual(secrets.find(Buffer.from(KEY).toString("hex"), "alice"), ["key"]);
    assert.deepEqual(secrets.find("peer abc joined room room; p+ss/w; f9"), []);
    assert.throws(() => secrets.addText("short", "1234567"), TypeError);
  },
});
