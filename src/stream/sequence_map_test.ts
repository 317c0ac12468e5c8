import assert from "node:assert/strict";
import { START_SEQUENCE_NUMBERS } from "../../tests/harness/rtp_packets.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { located as found, MAX_RUNS, SequenceMap } from "./sequence_map.ts";

/** The source's sequence number of a packet sent, -1 where it is not known. */
function sourceOf(map: SequenceMap, outgoing: number): number {
  return map.locate(outgoing & 0xffff) ? found.source : -1;
}

function located(map: SequenceMap, outgoing: number): number[] | undefined {
  if (!map.locate(outgoing & 0xffff)) return undefined;
  return [found.source, found.ssrc, found.timestampOffset];
}

for (const start of START_SEQUENCE_NUMBERS) {
  const first = (n: number) => (start + n) & 0xffff;
  const second = (n: number) => (start + 30_000 + n) & 0xffff;

  Deno.test({
    name: `B106: numbers are found both ways over skips, lost ones too, left-out ones not, from ${start}`,
    permissions: "none",
    fn() {
      const map = new SequenceMap();
      assert.equal(map.outgoing(first(0)), -1);
      assert.equal(sourceOf(map, first(0)), -1);
      map.begin(first(0), 100, 1, 0);
      map.extend(first(1), 101);
      map.extend(first(4), 104);
      // 5 and 6 are left out, 7 is lost, 9 is left out.
      map.extend(first(8), 106);
      map.extend(first(10), 107);
      const pairs = [[0, 100], [1, 101], [2, 102], [3, 103], [4, 104], [7, 105], [8, 106], [10, 107]];
      for (const [source, outgoing] of pairs) {
        assert.equal(map.outgoing(first(source)), outgoing);
        assert.equal(sourceOf(map, outgoing), first(source));
      }
      for (const unknown of [-1, 5, 6, 9, 11, 1000]) assert.equal(map.outgoing(first(unknown)), -1, `${unknown}`);
      for (const unknown of [99, 108, 32_000, 32_875, 65_000]) assert.equal(sourceOf(map, unknown), -1, `${unknown}`);
    },
  });

  Deno.test({
    name: `B106: a packet sent is found with the source and the offset of its time, from ${start}`,
    permissions: "none",
    fn() {
      const map = new SequenceMap();
      map.begin(second(7), first(0), 0xf0000001, 0xfffffff0);
      map.extend(second(8), first(1));
      map.begin(second(7), first(2), 2, 5);
      map.extend(second(9), first(3));
      assert.deepEqual(located(map, first(1)), [second(8), 0xf0000001, 0xfffffff0]);
      assert.deepEqual(located(map, first(2)), [second(7), 2, 5]);
      assert.deepEqual(located(map, first(3)), [second(9), 2, 5]);
      assert.equal(located(map, first(4)), undefined);
      assert.equal(located(map, first(-1)), undefined);
      // The same number of the source before is another packet.
      assert.equal(map.outgoing(second(7)), first(2));
      assert.equal(map.outgoing(second(8)), -1);
    },
  });
}

Deno.test({
  name: "B106: the newest 128 runs are remembered, and as many numbers as can be told apart",
  permissions: "none",
  fn() {
    const map = new SequenceMap();
    map.begin(0, 0, 1, 0);
    for (let run = 1; run <= 100; run++) map.extend((run * 2) & 0xffff, run);
    for (let run = 0; run <= 100; run++) {
      assert.equal(sourceOf(map, run), run > 100 - MAX_RUNS ? run * 2 : -1, `run ${run}`);
      assert.equal(map.outgoing(run * 2), run > 100 - MAX_RUNS ? run : -1, `run ${run}`);
    }
    const long = new SequenceMap();
    long.begin(65_000, 10, 1, 0);
    for (let n = 1; n < 200_000; n++) long.extend((65_000 + n) & 0xffff, (10 + n) & 0xffff);
    for (const back of [0, 1, 1000, 32_767]) {
      assert.equal(sourceOf(long, (10 + 199_999 - back) & 0xffff), (65_000 + 199_999 - back) & 0xffff);
      assert.equal(long.outgoing((65_000 + 199_999 - back) & 0xffff), (10 + 199_999 - back) & 0xffff);
    }
    assert.equal(sourceOf(long, (10 + 199_999 + 1) & 0xffff), -1);
    assert.equal(sourceOf(long, (10 + 199_999 - 32_768) & 0xffff), -1);
  },
});

Deno.test({
  name: "B106: of 256,000 packets, whether or not every third is left out, each is found as it was sent",
  permissions: "none",
  fn() {
    for (const leaveOut of [false, true]) {
      const map = new SequenceMap();
      map.begin(42, 42, 1, 0);
      let outgoing = 42;
      for (let n = 1; n < 256_000; n++) {
        if (leaveOut && n % 3 === 0) continue;
        outgoing++;
        map.extend((42 + n) & 0xffff, outgoing & 0xffff);
        const [late, lateOutgoing] = leaveOut ? [n - 90, outgoing - 60] : [n - 90, outgoing - 90];
        if (late <= 0) continue;
        assert.equal(map.outgoing((42 + late) & 0xffff), leaveOut && late % 3 === 0 ? -1 : lateOutgoing & 0xffff);
        if (!leaveOut || late % 3 !== 0) assert.equal(sourceOf(map, lateOutgoing & 0xffff), (42 + late) & 0xffff);
      }
    }
  },
});

Deno.test({
  name: "B106: whatever is lost, left out and switched, the map agrees with a list of all packets",
  permissions: "none",
  fn() {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seededRandom(seed);
      const below = (limit: number) => random.uint32() % limit;
      const map = new SequenceMap();
      const sent: { readonly source: number; readonly ssrc: number }[] = [];
      const runStarts: number[] = [];
      const firstOutgoing = below(65_536);
      let source = below(65_536);
      let ssrc = 0;
      let begun = 0;
      for (let step = 0; step < 600; step++) {
        const lost = below(6) === 0 ? below(5) : 0;
        const leftOut = below(8) === 0 ? 1 + below(3) : 0;
        if (step === 0 || below(60) === 0) {
          source = below(65_536);
          begun = sent.length;
          runStarts.push(begun);
          sent.push({ source, ssrc: ++ssrc });
          map.begin(source, (firstOutgoing + begun) & 0xffff, ssrc, ssrc * 1000);
        } else {
          source += leftOut;
          if (leftOut > 0) runStarts.push(sent.length);
          for (let i = 0; i <= lost; i++) sent.push({ source: ++source & 0xffff, ssrc });
          map.extend(source & 0xffff, (firstOutgoing + sent.length - 1) & 0xffff);
        }
        const known = runStarts.at(-MAX_RUNS) ?? 0;
        for (const index of [sent.length - 1, below(sent.length), Math.max(0, sent.length - 1 - below(40))]) {
          const expected = index < known ? undefined : [sent[index].source, sent[index].ssrc, sent[index].ssrc * 1000];
          const outgoing = (firstOutgoing + index) & 0xffff;
          assert.deepEqual(located(map, outgoing), expected, `seed ${seed} step ${step}`);
          if (index >= Math.max(known, begun)) assert.equal(map.outgoing(sent[index].source), outgoing, `seed ${seed}`);
        }
      }
    }
  },
});
