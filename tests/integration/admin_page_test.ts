import assert from "node:assert/strict";
import { Api } from "../../static/admin/api.js";
import { curve, niceTop } from "../../static/admin/curve.js";
import { EventStreamReader } from "../../static/admin/event_stream.js";
import { History, SPAN_MS } from "../../static/admin/history.js";

const BEGIN_MS = Date.UTC(2027, 2, 4);
const NO_COUNTERS = {
  packetsReceived: 0,
  bytesReceived: 0,
  packetsSent: 0,
  bytesSent: 0,
  lostUpstream: 0,
  lostDownstream: 0,
};

/** What the server tells so many ms later, of `packets` that came, each of which went to ten. */
function statusAt(ms: number, packets: number, uptimeSeconds = 100 + ms / 1000) {
  const video = {
    packetsReceived: packets,
    bytesReceived: 1000 * packets,
    packetsSent: 10 * packets,
    bytesSent: 10_000 * packets,
    lostUpstream: packets,
    lostDownstream: packets,
  };
  return {
    time: new Date(BEGIN_MS + ms).toISOString(),
    uptimeSeconds,
    backend: { name: "native", workers: 1 },
    ready: true,
    alive: { rooms: 1, peers: 11, producers: 1, consumers: 10 },
    media: { audio: NO_COUNTERS, video },
    process: { cpuSeconds: packets / 1000, residentBytes: 1 },
  };
}

Deno.test({
  name: "B528: sums become rates, between two looks at one run of the server",
  permissions: "none",
  fn() {
    const history = new History();
    for (const [ms, packets] of [[0, 1000], [2000, 2000]]) history.add(statusAt(ms, packets));
    history.add(statusAt(4000, 10, 1));
    const [first, second, third] = history.samples;
    assert.deepEqual([first.peers, first.packetsIn, first.cpu], [11, null, null]);
    assert.deepEqual(second, {
      atMs: BEGIN_MS + 2000,
      peers: 11,
      packetsIn: 500,
      packetsOut: 5000,
      bitsIn: 4_000_000,
      bitsOut: 40_000_000,
      lossUp: 0.5,
      lossDown: 0.1,
      cpu: 0.5,
    });
    assert.deepEqual([third.peers, third.bitsOut], [11, null]);
  },
});

Deno.test({
  name: "B528: ten minutes are kept, and no more",
  permissions: "none",
  fn() {
    const history = new History();
    for (let ms = 0; ms <= SPAN_MS + 10_000; ms += 2000) history.add(statusAt(ms, ms));
    assert.equal(history.samples.length, SPAN_MS / 2000);
    assert.equal(history.samples[0].atMs, BEGIN_MS + 12_000);
  },
});

Deno.test({
  name: "B528: events are read wherever the stream is cut, and what is none is passed over",
  permissions: "none",
  fn() {
    const stream =
      'retry: 2000\n\n:\n\nid: a-1\nevent: peerLeft\ndata: {"type":"peerLeft",\r\ndata: "roomId":"é:1\u2028"}\n\n' +
      "event: lost\ndata: {}\n\n";
    const expected = [{ type: "peerLeft", roomId: "é:1\u2028" }, { type: "lost" }];
    assert.deepEqual(new EventStreamReader().read(stream), expected);
    const reader = new EventStreamReader();
    assert.deepEqual([...stream].flatMap((character) => reader.read(character)), expected);
  },
});

Deno.test({
  name: "B528: the upper edge of a plot is the next of 1, 2 and 5 times a power of ten",
  permissions: "none",
  fn() {
    const tops = [0.01, 0.011, 1, 1.5, 2, 4, 5.1, 999, 1000, 1001].map((value) =>
      Number(niceTop(value).toPrecision(3))
    );
    assert.deepEqual(tops, [0.01, 0.02, 1, 2, 2, 5, 10, 1000, 1000, 2000]);
  },
});

Deno.test({
  name: "B528: a line ends at the right edge, and is broken where nobody looked, or nothing is known",
  permissions: "none",
  fn() {
    const history = new History();
    for (const [ms, packets] of [[0, 0], [2000, 1000], [4000, 2000], [20_000, 10_000], [22_000, 11_000]]) {
      history.add(statusAt(ms, packets));
    }
    assert.equal(curve(history.samples, "packetsIn", 1000), "M290.0 40.0L291.0 40.0M299.0 40.0L300.0 40.0");
    assert.equal(curve([], "peers", 1), "");
  },
});

Deno.test({
  name: "B528: an answer that breaks off is a server that cannot be reached, which is asked again",
  permissions: "none",
  async fn() {
    const before = Object.getOwnPropertyDescriptors(globalThis);
    const cut = () => new ReadableStream({ pull: (controller) => controller.error(new TypeError("cut")) });
    Object.defineProperty(globalThis, "location", { configurable: true, value: { href: "http://sfu.example/admin" } });
    Object.defineProperty(globalThis, "fetch", {
      configurable: true,
      value: () => Promise.resolve(new Response(cut())),
    });
    try {
      const api = new Api("token");
      for (const ask of [() => api.status(), () => api.capture("room", "peer", 1)]) {
        await assert.rejects(ask, { name: "ApiError", status: 0, code: "unreachable" });
      }
    } finally {
      for (const name of ["location", "fetch"] as const) Object.defineProperty(globalThis, name, before[name]);
    }
  },
});
