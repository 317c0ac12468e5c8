import assert from "node:assert/strict";
import {
  FORWARDED,
  LEFT_OUT,
  levelOf,
  MAX_PICTURES,
  MAX_SOURCES,
  MISSING,
  outgoingOf,
  pictureEntry,
  PictureMap,
  stateOf,
} from "./picture_map.ts";

Deno.test({
  name: "B320: what is remembered of a picture is its number, its fate and its level, whatever they are",
  permissions: "none",
  fn() {
    for (const outgoing of [0, 1, 32_767, 32_768, 65_535]) {
      for (const state of [MISSING, FORWARDED, LEFT_OUT]) {
        for (const level of [0, 7, 63, 255]) {
          const entry = pictureEntry(outgoing, state, level);
          assert.deepEqual([outgoingOf(entry), stateOf(entry), levelOf(entry)], [outgoing, state, level]);
        }
      }
    }
  },
});

Deno.test({
  name: "B320: the newest 256 pictures of a source are found, and no other",
  permissions: "none",
  fn() {
    const map = new PictureMap();
    map.begin(7, 100, 5);
    assert.equal(map.newest, 99);
    assert.equal(map.find(7, 99), -1);
    for (let picture = 100; picture < 1000; picture++) {
      map.push(pictureEntry(picture, FORWARDED, 0));
      assert.equal(map.newest, picture);
      assert.equal(map.find(7, picture + 1), -1);
      const oldest = Math.max(100, picture - MAX_PICTURES + 1);
      for (const known of [oldest, picture]) assert.equal(outgoingOf(map.entryAt(map.find(7, known))), known);
      assert.equal(map.find(7, oldest - 1), -1);
      assert.equal(map.find(8, picture), -1, "another SSRC");
    }
    assert.equal(map.shift, 5);
  },
});

Deno.test({
  name: "B320: pictures that are passed over push out those before them",
  permissions: "none",
  fn() {
    const map = new PictureMap();
    map.begin(1, 0, 0);
    map.push(pictureEntry(1, FORWARDED, 0));
    map.pass(1000);
    map.push(pictureEntry(2, FORWARDED, 0));
    assert.equal(map.newest, 1001);
    assert.equal(map.find(1, 0), -1);
    assert.equal(outgoingOf(map.entryAt(map.find(1, 1001))), 2);
  },
});

Deno.test({
  name: "B322: pictures of eight sources are found again, each with what moves its numbers, the newest source first",
  permissions: "none",
  fn() {
    const map = new PictureMap();
    // Two SSRCs by turns, as of two encodings. With large SSRCs: they are kept as signed numbers.
    const ssrcOf = (source: number) => (source % 2 === 0 ? 0xfffffff0 : 2);
    for (let source = 0; source < MAX_SOURCES + 2; source++) {
      map.begin(ssrcOf(source), source * 100, source);
      for (let i = 0; i < 10; i++) map.push(pictureEntry(source * 10 + i, FORWARDED, 0));
    }
    for (let source = 2; source < MAX_SOURCES + 2; source++) {
      const place = map.findAgain(ssrcOf(source), source * 100 + 3);
      assert.equal(outgoingOf(map.entryAt(place)), source * 10 + 3);
      assert.equal(map.shift, source);
      assert.equal(map.findAgain(ssrcOf(source), source * 100 + 10), -1);
    }
    assert.equal(map.findAgain(ssrcOf(0), 3), -1, "forgotten");
    assert.equal(map.find(ssrcOf(8), 803), -1, "not of the present source");
    assert.equal(map.hasBegun(99, 0), true, "what was forgotten may have been of it");
  },
});

Deno.test({
  name: "B322: a source that began with a later picture had not begun with the ones before it",
  permissions: "none",
  fn() {
    const map = new PictureMap();
    map.begin(1, 50, 0);
    assert.equal(map.hasBegun(1, 49), false);
    assert.equal(map.hasBegun(1, 50), true);
    assert.equal(map.hasBegun(2, 50), false);
  },
});
