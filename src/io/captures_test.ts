import assert from "node:assert/strict";
import { readAll, readPcapng } from "../../tests/harness/pcapng_reader.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { CaptureTap } from "../media/capture_tap.ts";
import type { CapturedBatch } from "../media/captured_packets.ts";
import type { PeerCommand } from "../media/messages.ts";
import { type CapturedPeer, Captures } from "./captures.ts";

const UNIX_MS = Date.UTC(2027, 2, 4);
const PACKET = new Uint8Array(100);
const OPTIONS = { seconds: 10, bytes: 1_000_000, payload: true };

/** Captures of peers `a` to `f` in one room, and what their media was told. */
function setUp(answers = true) {
  const clock = new VirtualClock(1000);
  const captures = new Captures(clock, () => UNIX_MS + clock.now());
  const told: string[] = [];
  const taps = new Map<string, CaptureTap>();
  const peers = new Map<string, CapturedPeer>();
  const time = { nowMs: 0 };
  const say = (peer: string, command: PeerCommand) => {
    told.push(`${peer} ${command.type}`);
    if (command.type === "capture") {
      const emit = (batch: CapturedBatch) => peers.get(peer)?.handleBatch(batch);
      taps.set(peer, new CaptureTap({ ...command, time, emit }));
    }
    if (command.type === "takeCaptured") taps.get(peer)?.allow(command.bytes);
    if (command.type === "endCapture" && answers) taps.get(peer)?.end(time.nowMs);
  };
  const open = (peer: string) => peers.set(peer, captures.open("room", peer, (command) => say(peer, command)));
  for (const peer of "abcdef") open(peer);
  /** Sends so many packets at this time of the media. */
  const send = (peer: string, nowMs: number, count = 1) => {
    time.nowMs = nowMs;
    for (let n = 0; n < count; n++) taps.get(peer)?.rtcpSent(PACKET, PACKET.length);
    taps.get(peer)?.handleTimeout(nowMs + 100);
  };
  const start = (peer: string, options: Partial<typeof OPTIONS> = {}, roomId = "room") => {
    const result = captures.start(roomId, peer, { ...OPTIONS, ...options });
    return "stream" in result ? result.stream : result.problem;
  };
  const started = (...args: Parameters<typeof start>) => {
    const stream = start(...args);
    return typeof stream === "string" ? assert.fail(stream) : stream;
  };
  /** Has the media of a peer say its last word when the result is called. */
  const lastWord = (peer: string) => {
    const tap = taps.get(peer);
    return () => tap?.end(time.nowMs);
  };
  const close = (peer: string) => peers.get(peer)?.close();
  return { clock, told, send, start, started, open, close, lastWord };
}

Deno.test({
  name: "B522, B523: a capture ends by its time, as a whole file with the times of the media",
  permissions: "none",
  async fn() {
    const { clock, told, send, started } = setUp();
    const stream = started("a");
    send("a", 70_000.5);
    clock.advance(9999);
    send("a", 70_001);
    send("b", 70_001);
    clock.advance(1);
    const { comment, packets, missed } = readPcapng(await readAll(stream));
    assert.equal(comment, "Peer a of room room, RTP with payload; addresses are made up");
    assert.deepEqual(packets.map(({ unixUs }) => unixUs - (UNIX_MS + 1000) * 1000), [-100_000, -99_500]);
    assert.equal(missed, 0);
    assert.deepEqual([told[0], told.at(-1)], ["a capture", "a endCapture"]);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B523: a capture ends before the packet that would make it larger than it may be",
  permissions: "none",
  async fn() {
    const { clock, send, started } = setUp();
    const stream = started("a", { bytes: 5000 });
    send("a", 0, 100);
    const file = await readAll(stream);
    assert(file.length <= 5000 && file.length > 4800, `${file.length}`);
    assert(readPcapng(file).packets.length > 20);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B523: a capture ends with its peer, and when nobody reads it any more",
  permissions: "none",
  async fn() {
    const { clock, told, send, start, started, close } = setUp();
    const stream = started("a");
    send("a", 0);
    close("a");
    assert.equal(readPcapng(await readAll(stream)).packets.length, 1);
    assert.equal(start("a"), "unknown");
    const other = started("b");
    await other.cancel();
    send("b", 0);
    assert.equal(told.at(-1), "b endCapture");
    await started("b").cancel();
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B523: a peer is captured once, and four peers at once; a peer of another room is unknown",
  permissions: "none",
  async fn() {
    const { start, started } = setUp();
    assert.deepEqual([start("a", {}, "another room"), start("x")], ["unknown", "unknown"]);
    const streams = ["a", "b", "c", "d"].map((peer) => started(peer));
    assert.deepEqual([start("a"), start("e")], ["capturing", "too-many-captures"]);
    await streams[0].cancel();
    await started("e").cancel();
    for (const stream of streams.slice(1)) await stream.cancel();
  },
});

Deno.test({
  name: "B525: who reads slowly has packets left out, and is told how many; who reads has all of them",
  permissions: "none",
  async fn() {
    const { clock, send, started } = setUp();
    const slow = started("a", { bytes: 50_000_000 });
    for (let ms = 0; ms < 10_000; ms += 100) send("a", ms, 100);
    clock.advance(10_000);
    const file = readPcapng(await readAll(slow));
    assert.equal(file.packets.length + (file.missed ?? 0), 10_000);
    assert(file.packets.length > 1000 && file.packets.length < 8000, `${file.packets.length}`);
    const quick = started("b", { bytes: 50_000_000 });
    const read = readAll(quick);
    for (let ms = 0; ms < 10_000; ms += 100) {
      send("b", ms, 100);
      for (let n = 0; n < 1000; n++) await Promise.resolve();
    }
    clock.advance(10_000);
    assert.deepEqual([readPcapng(await read).packets.length, readPcapng(await read).missed], [10_000, 0]);
  },
});

Deno.test({
  name: "B523: where the media has no last word, as it failed, the file ends half a second later without one",
  permissions: "none",
  async fn() {
    const { clock, send, start, started, open, close } = setUp(false);
    const stream = started("a");
    send("a", 0);
    close("a");
    open("a");
    const next = started("a");
    assert.equal(start("a"), "capturing");
    clock.advance(500);
    assert.equal(readPcapng(await readAll(stream)).packets.length, 1);
    await next.cancel();
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B523: a capture of more than 60 s or 50 MB, or of none, is refused before it begins",
  permissions: "none",
  fn() {
    const { told, start } = setUp();
    for (const wrong of [{ seconds: 61 }, { seconds: 0 }, { seconds: 1.5 }, { bytes: 50_000_001 }, { bytes: NaN }]) {
      assert.throws(() => start("a", wrong), TypeError);
    }
    assert.deepEqual(told, []);
  },
});

Deno.test({
  name: "B523: the last word of a capture, on its way when the next one begins, does not end that",
  permissions: "none",
  async fn() {
    const { clock, send, started, lastWord } = setUp(false);
    await started("a").cancel();
    const late = lastWord("a");
    const next = started("a");
    late();
    send("a", 0);
    clock.advance(10_500);
    assert.equal(readPcapng(await readAll(next)).packets.length, 1);
  },
});
