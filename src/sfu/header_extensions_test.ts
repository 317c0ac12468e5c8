import assert from "node:assert/strict";
import { extensionId, mapHeaderExtensions, MID_URI } from "./header_extensions.ts";

const LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
const ROTATION = "urn:3gpp:video-orientation";

Deno.test({
  name: "B58: header extensions are matched by URI, and those that the subscriber lacks are dropped",
  permissions: "none",
  fn() {
    const from = [{ uri: MID_URI, id: 4 }, { uri: LEVEL, id: 1 }, { uri: ROTATION, id: 200 }];
    const to = [{ uri: MID_URI, id: 3 }, { uri: LEVEL, id: 9 }];
    const mapping = mapHeaderExtensions(from, to, "7");
    assert.equal(mapping.ids[1], 9);
    assert.equal(mapping.ids[200], 0, "not negotiated by the subscriber");
    assert.equal(mapping.ids[4], 0, "the publisher's MID means nothing to the subscriber");
    assert.equal(mapping.midId, 3);
    assert.deepEqual([...mapping.mid], [0x37]);
  },
});

Deno.test({
  name: "without MID on the subscriber's side none is written",
  permissions: "none",
  fn() {
    assert.equal(mapHeaderExtensions([{ uri: MID_URI, id: 4 }], [], "0").midId, 0);
    assert.equal(extensionId([], MID_URI), 0);
  },
});

Deno.test({
  name: "equal mappings are one, however many others there were in between; others are others",
  permissions: "none",
  fn() {
    const [from, to] = [[{ uri: LEVEL, id: 1 }], [{ uri: LEVEL, id: 2 }, { uri: MID_URI, id: 3 }]];
    const mapping = mapHeaderExtensions(from, to, "0");
    assert.equal(mapHeaderExtensions(from, to, "0"), mapping);
    const others = [
      mapHeaderExtensions([{ uri: LEVEL, id: 2 }], to, "0"),
      mapHeaderExtensions(from, [{ uri: LEVEL, id: 2 }], "0"),
      mapHeaderExtensions(from, to, "1"),
    ];
    for (const other of others) assert.notDeepEqual(other, mapping);
    for (let mid = 0; mid < 1000; mid++) mapHeaderExtensions(from, to, `${mid}`);
    assert.deepEqual(mapHeaderExtensions(from, to, "0"), mapping);
  },
});
