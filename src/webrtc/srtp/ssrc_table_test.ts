import assert from "node:assert/strict";
import { MAX_SSRCS, SILENT_AFTER_PACKETS, SsrcTable } from "./ssrc_table.ts";

/** A table in which the SSRCs 1 to MAX_SSRCS have sent one packet each, in this order. */
function fullTable(): SsrcTable {
  const table = new SsrcTable();
  for (let ssrc = 1; ssrc <= MAX_SSRCS; ssrc++) assert.ok(table.accept(ssrc, table.find(ssrc), 0));
  return table;
}

/** Packets of all SSRCs but `silent`. */
function sendPackets(table: SsrcTable, count: number, silent: readonly number[]): void {
  for (let packet = 0, ssrc = 1; packet < count; ssrc = ssrc % MAX_SSRCS + 1) {
    if (silent.includes(ssrc)) continue;
    packet++;
    assert.ok(table.accept(ssrc, table.find(ssrc), packet));
  }
}

Deno.test({
  name: "an SSRC is remembered with its window from its first packet on",
  permissions: "none",
  fn() {
    const table = new SsrcTable();
    assert.equal(table.find(7), undefined);
    table.accept(7, undefined, 100);
    assert.equal(table.find(7)?.window.newest, 100);
    table.accept(7, table.find(7), 101);
    assert.equal(table.find(7)?.window.newest, 101);
    assert.equal(table.size, 1);
  },
});

Deno.test({
  name: "B33: one SSRC too many is refused while all the others send",
  permissions: "none",
  fn() {
    const table = fullTable();
    sendPackets(table, SILENT_AFTER_PACKETS * 2, []);
    assert.equal(table.accept(999, undefined, 0), false);
    assert.equal(table.find(999), undefined);
    assert.equal(table.size, MAX_SSRCS);
  },
});

Deno.test({
  name: "B33: one SSRC too many takes the place of the one that is silent for longest",
  permissions: "none",
  fn() {
    const table = fullTable();
    sendPackets(table, SILENT_AFTER_PACKETS, [20, 30]);
    assert.ok(table.accept(999, undefined, 0));
    assert.equal(table.size, MAX_SSRCS);
    assert.equal(table.find(20), undefined);
    assert.notEqual(table.find(30), undefined);
    assert.ok(table.accept(1000, undefined, 0));
    assert.equal(table.find(30), undefined);
    assert.equal(table.accept(1001, undefined, 0), false);
  },
});
