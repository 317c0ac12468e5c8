import assert from "node:assert/strict";
import { readPcapng } from "../../tests/harness/pcapng_reader.ts";
import { PCAPNG_END_LENGTH, pcapngEnd, pcapngHeader, pcapngPacket } from "./pcapng.ts";

const UNIX_US = Date.UTC(2027, 2, 4) * 1000 + 123_456;

Deno.test({
  name: "B522: a capture is a pcapng file of UDP packets of made up addresses, with direction, time and true length",
  permissions: "none",
  fn() {
    const packets = [
      { unixUs: UNIX_US, isSent: false, length: 1200, bytes: new Uint8Array([1, 2, 3, 4, 5]) },
      { unixUs: UNIX_US + 1, isSent: true, length: 8, bytes: new Uint8Array(8).fill(7) },
      { unixUs: UNIX_US + 2, isSent: true, length: 0, bytes: new Uint8Array(0) },
    ];
    const blocks = [pcapngHeader("É"), ...packets.map(pcapngPacket), pcapngEnd(UNIX_US, 3)];
    const file = new Uint8Array(blocks.flatMap((block) => [...block]));
    assert.deepEqual(readPcapng(file), { comment: "É", packets, missed: 3 });
    assert.equal(blocks.at(-1)?.length, PCAPNG_END_LENGTH);
  },
});

Deno.test({
  name: "B522: a capture that breaks off is a file all the same, as far as it goes",
  permissions: "none",
  fn() {
    assert.deepEqual(readPcapng(pcapngHeader("")), { comment: "", packets: [], missed: undefined });
  },
});
