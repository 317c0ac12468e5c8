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
    const mapping = mapHeaderExtensions(from, to);
    assert.equal(mapping.ids[1], 9);
    assert.equal(mapping.ids[200], 0, "not negotiated by the subscriber");
    assert.equal(mapping.ids[4], 0, "the publisher's MID means nothing to the subscriber");
    assert.equal(mapping.midId, 3);
  },
});

Deno.test({
  name: "without MID on the subscriber's side none is written",
  permissions: "none",
  fn() {
    assert.equal(mapHeaderExtensions([{ uri: MID_URI, id: 4 }], []).midId, 0);
    assert.equal(extensionId([], MID_URI), 0);
  },
});
