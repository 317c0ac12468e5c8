import { match, notStrictEqual, strictEqual } from "node:assert/strict";
import { cryptoRandom, iceText } from "./random.ts";

Deno.test({
  name: "text is of ice-char, as long as asked for, and another each time",
  permissions: "none",
  fn() {
    const text = cryptoRandom.text(32);
    match(text, /^[A-Za-z0-9+/]{32}$/);
    notStrictEqual(text, cryptoRandom.text(32));
    strictEqual(cryptoRandom.text(0), "");
  },
});

Deno.test({
  name: "each of the 64 ice-chars stands for 4 of the 256 byte values",
  permissions: "none",
  fn() {
    const text = iceText(Uint8Array.from({ length: 256 }, (_, value) => value));
    strictEqual(new Set(text).size, 64);
    strictEqual(text, text.slice(0, 64).repeat(4));
  },
});

Deno.test({
  name: "uint32 is an integer in [0, 2^32)",
  permissions: "none",
  fn() {
    for (let i = 0; i < 1000; i++) {
      const value = cryptoRandom.uint32();
      strictEqual(value, value >>> 0);
    }
  },
});
