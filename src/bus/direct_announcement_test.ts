import assert from "node:assert/strict";
import { encodeAnnouncement, parseAnnouncement } from "./direct_announcement.ts";

const PUBLIC_KEY = "k".repeat(43);

Deno.test({
  name: "B469: an announcement says key, port and addresses, eight at most; what is none is told apart",
  permissions: "none",
  fn() {
    const announcement = { publicKey: PUBLIC_KEY, port: 4000, addresses: ["192.0.2.1", "2001:db8::1"] };
    assert.deepEqual(parseAnnouncement(encodeAnnouncement(announcement)), { version: 1, ...announcement });
    const many = Array.from({ length: 20 }, (_, i) => `192.0.2.${i}`);
    assert.deepEqual(
      parseAnnouncement(encodeAnnouncement({ ...announcement, addresses: many }))?.addresses,
      many.slice(0, 8),
    );
    const whole = { version: 1, ...announcement };
    const others = [
      { version: 2 },
      { publicKey: "short" },
      { publicKey: `${PUBLIC_KEY}=` },
      { port: 0 },
      { port: 65536 },
      { port: "4000" },
      { addresses: [] },
      { addresses: ["example.org"] },
      { addresses: "192.0.2.1" },
      { addresses: many },
    ];
    for (const other of others) {
      assert.equal(parseAnnouncement(JSON.stringify({ ...whole, ...other })), undefined, JSON.stringify(other));
    }
    for (const text of ["", "{", "null", "[]", "1", JSON.stringify("text")]) {
      assert.equal(parseAnnouncement(text), undefined, text);
    }
  },
});
