import assert from "node:assert/strict";
import { FakeSender } from "../harness/fake_peer_connection.ts";

interface Encoding {
  readonly rid?: string;
  readonly scaleResolutionDownBy?: number;
  readonly maxBitrate?: number;
  readonly scalabilityMode?: string;
  readonly active?: boolean;
}

const { addSender, changeEncodings, encodingsOf } = await import(
  new URL("../../static/sdk/simulcast.js", import.meta.url).href
);

interface Settings {
  readonly height?: number;
  readonly width?: number;
}

function track(kind: string, height?: number, width?: number): { readonly kind: string; getSettings(): Settings } {
  const settings = { ...(height !== undefined && { height }), ...(width !== undefined && { width }) };
  return { kind, getSettings: () => settings };
}

/** The RIDs of a camera of so many lines. */
function rids(height: number | undefined, options: object = {}, source = "camera"): string {
  return encodingsOf(track("video", height), source, options).map(({ rid }: Encoding) => rid ?? "-").join(" ");
}

Deno.test({
  name:
    "B312: a camera is published in three encodings from 720 lines on, in two from 360; all else in one, unless asked",
  permissions: "none",
  fn() {
    for (
      const [height, expected] of [
        [undefined, "-"],
        [180, "-"],
        [359, "-"],
        [360, "h f"],
        [480, "h f"],
        [720, "q h f"],
        [2160, "q h f"],
      ] as const
    ) assert.equal(rids(height), expected, `${height} lines`);
    const upright: Encoding[] = encodingsOf(track("video", 640, 360), "camera", {});
    assert.deepEqual(upright, encodingsOf(track("video", 360, 640), "camera", {}), "its lines are its width");
    assert.equal(upright.length, 2);
    assert.equal(rids(720, { simulcast: false }), "-");
    assert.equal(rids(1080, {}, "screen"), "-");
    assert.equal(rids(1080, { simulcast: true }, "screen"), "q h f");
    assert.equal(rids(720, { simulcast: [{ rid: "a" }, { rid: "b" }] }), "a b");
    assert.deepEqual(encodingsOf(track("audio"), "microphone", { maxBitrate: 32_000 }), [{ maxBitrate: 32_000 }]);
    assert.deepEqual(encodingsOf(track("audio"), "microphone", {}), [{}]);
    assert.deepEqual(
      encodingsOf(track("video", 720), "camera", { scalabilityMode: "L3T3_KEY", maxBitrate: 1_000_000 }),
      [
        { scalabilityMode: "L3T3_KEY", maxBitrate: 1_000_000 },
      ],
    );
  },
});

Deno.test({
  name: "B312: each encoding is half as large as the next one, takes less, and gets its share of a limit",
  permissions: "none",
  fn() {
    const encodings: Encoding[] = encodingsOf(track("video", 720), "camera", {});
    assert.deepEqual(encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy), [4, 2, 1]);
    const bitrates = encodings.map(({ maxBitrate = 0 }) => maxBitrate);
    assert.deepEqual(bitrates, [200_000, 600_000, 2_000_000]);
    for (const maxBitrate of [700_000, 2_800_000, 9_000_000]) {
      const limited: Encoding[] = encodingsOf(track("video", 720), "camera", { maxBitrate });
      const sum = limited.reduce((all, each) => all + (each.maxBitrate ?? 0), 0);
      assert.ok(sum <= Math.min(maxBitrate, 2_800_000) && sum > Math.min(maxBitrate, 2_800_000) - 3, `${sum}`);
    }
    const shares = (simulcast: Encoding[]) =>
      encodingsOf(track("video", 720), "camera", { simulcast, maxBitrate: 1_300_000 })
        .map(({ rid, maxBitrate }: Encoding) => `${rid} ${maxBitrate}`);
    const own = [{ rid: "a", maxBitrate: 600_000 }, { rid: "b", maxBitrate: 2_000_000 }];
    assert.deepEqual(shares(own), ["a 300000", "b 1000000"], "also of encodings of the application's own");
    assert.deepEqual(shares([{ rid: "a" }, { rid: "b" }]), ["a 300000", "b 1000000"], "which may say no bitrate");
    assert.deepEqual(shares([{ rid: "a", scaleResolutionDownBy: 2 }, { rid: "b" }]), ["a 300000", "b 1000000"]);
    assert.equal(encodingsOf(track("video", 720), "camera", { simulcast: own }), own);
  },
});

Deno.test({
  name: "B312: a browser that refuses a scalability mode sends the encodings without; another refusal is none of it",
  permissions: "none",
  fn() {
    const tried: Encoding[][] = [];
    const connection = (refuses: (encodings: Encoding[]) => boolean) => ({
      addTransceiver(_track: unknown, { sendEncodings }: { readonly sendEncodings: Encoding[] }) {
        tried.push(sendEncodings);
        if (refuses(sendEncodings)) throw new TypeError("refused");
        return "transceiver";
      },
    });
    const withMode = [{ rid: "q", scalabilityMode: "L1T3" }, { rid: "h", scalabilityMode: "L1T3" }];
    const knowsNone = connection((encodings) => encodings.some(({ scalabilityMode }) => scalabilityMode !== undefined));
    assert.equal(addSender(knowsNone, track("video"), {}, withMode), "transceiver");
    assert.deepEqual(tried.splice(0), [withMode, [{ rid: "q" }, { rid: "h" }]]);
    assert.throws(() => addSender(connection(() => true), track("video"), {}, [{ rid: "q" }]), TypeError);
    assert.equal(tried.length, 1);
  },
});

Deno.test({
  name: "B312: a line that sends other encodings sends all that was asked for, and nothing of those before",
  permissions: "none",
  async fn() {
    const sender = new FakeSender(null, [
      { rid: "q", maxBitrate: 1, active: false, scaleResolutionDownBy: 8 },
      { rid: "f", maxBitrate: 2, scaleResolutionDownBy: 3 },
    ]);
    const wanted = [{ rid: "q", scaleResolutionDownBy: 2, maxBitrate: 5, scalabilityMode: "L1T3" }, {
      rid: "f",
      maxFramerate: 10,
    }];
    await changeEncodings(sender, wanted);
    assert.deepEqual(sender.encodings, [
      { rid: "q", maxBitrate: 5, active: true, scaleResolutionDownBy: 2 },
      { rid: "f", active: true, scaleResolutionDownBy: 1, maxFramerate: 10 },
    ]);
    sender.failures = 1;
    await changeEncodings(sender, [{ rid: "q" }, { rid: "f", active: false }]);
    assert.deepEqual(sender.encodings, [
      { rid: "q", active: true, scaleResolutionDownBy: 2 },
      { rid: "f", active: false, scaleResolutionDownBy: 1 },
    ], "by the second attempt");
    await changeEncodings(sender, wanted, ["f"]);
    assert.deepEqual(sender.encodings.map(({ rid, active }) => `${rid} ${active}`), ["q false", "f true"]);
    sender.encodings = sender.encodings.slice(1);
    await changeEncodings(sender, wanted);
    assert.deepEqual(sender.encodings, [{ rid: "f", active: true, scaleResolutionDownBy: 1, maxFramerate: 10 }]);
    sender.failures = 2;
    await assert.rejects(changeEncodings(sender, wanted), { name: "InvalidStateError" });
  },
});
