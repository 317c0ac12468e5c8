import assert from "node:assert/strict";
import { buildRtp, parseRtp } from "../../tests/harness/rtp_builder.ts";
import { BandwidthEstimator } from "../congestion/bandwidth_estimator.ts";
import { elementLength, findExtension } from "../rtp/header_extension.ts";
import { writeForwardedHeader } from "./forwarded_header.ts";
import { mapHeaderExtensions, MID_URI, TRANSPORT_WIDE_URI } from "./header_extensions.ts";

Deno.test({
  name: "a header has the subscriber's fields and MID, and a number for the whole transport where it tells which came",
  permissions: "none",
  fn() {
    const packet = parseRtp(buildRtp({ ssrc: 1, sequenceNumber: 2, timestamp: 3, marker: true }));
    const fields = { payloadType: 120, sequenceNumber: 65_535, timestamp: 0xffff_ffff, ssrc: 0x8000_0001 };
    const extensions = mapHeaderExtensions([], [{ uri: MID_URI, id: 3 }, { uri: TRANSPORT_WIDE_URI, id: 5 }], "m");
    const { numbering } = new BandwidthEstimator({ nowMs: 0 });
    for (const [numbered, numbers] of [[undefined, [-1, -1]], [numbering, [0, 1]]] as const) {
      for (const expected of numbers) {
        const slot = new Uint8Array(100);
        const length = writeForwardedHeader(slot, packet, fields, extensions, numbered, 3, 10);
        const sent = parseRtp(slot.slice(0, length));
        const { payloadType, sequenceNumber, timestamp, ssrc, marker } = sent;
        assert.deepEqual({ payloadType, sequenceNumber, timestamp, ssrc }, fields);
        assert.equal(marker, true);
        const mid = findExtension(sent, 3);
        assert.deepEqual([sent.bytes[mid], elementLength(sent, mid)], ["m".charCodeAt(0), 1]);
        const number = findExtension(sent, 5);
        assert.equal(number < 0 ? -1 : (sent.bytes[number] << 8) | sent.bytes[number + 1], expected);
      }
    }
  },
});
