import assert from "node:assert/strict";
import { audioProducer, consumerParameters, OPUS, videoProducer } from "../../tests/harness/engine.ts";
import { MediaSetup } from "../../tests/harness/media_setup.ts";
import { buildRtp, parseRtp, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";

const CAMERA_SSRC = 1000;
const MICROPHONE_SSRC = 2000;
const VIDEO = { ssrc: 7000, rtxSsrc: undefined };
const AUDIO = { ssrc: 7002, rtxSsrc: undefined };

Deno.test({
  name: "B246: a peer that is sent too much gets sound alone, is told why, and goes on with a key frame and no gap",
  permissions: "none",
  fn() {
    const setup = new MediaSetup();
    const publisher = setup.open();
    publisher.connect();
    publisher.say({ type: "publish", trackId: "camera", parameters: videoProducer() });
    const microphone = audioProducer({ mid: "1", ssrcs: [MICROPHONE_SSRC] });
    publisher.say({ type: "publish", trackId: "microphone", parameters: microphone });
    const limited = setup.open("room", undefined, { maxBitrateOut: 400_000, tellsQuality: "whole" });
    const free = setup.open();
    for (const subscriber of [limited, free]) {
      subscriber.connect();
      const video = consumerParameters();
      subscriber.say({ type: "subscribe", trackId: "camera", parameters: video, ssrcs: VIDEO });
      const audio = consumerParameters({ mid: "6", codec: OPUS });
      subscriber.say({ type: "subscribe", trackId: "microphone", parameters: audio, ssrcs: AUDIO });
    }

    let sent = 0;
    /** Frames of two packets each 25 ms, of 800 kbit/s unless their length is another, with sound. */
    const run = (ms: number, payload = VP8_DELTA_FRAME, length = 1200) => {
      const received = { limited: [] as Uint8Array[], free: [] as Uint8Array[] };
      for (let left = ms; left > 0; left -= 25) {
        setup.nowMs += 25;
        sent++;
        const timestamp = sent * 2250;
        const picture = new Uint8Array(length);
        picture.set(sent === 1 ? VP8_KEY_FRAME : payload);
        for (const half of [0, 1]) {
          if (half === 1) picture.set(VP8_DELTA_FRAME);
          const sequenceNumber = 2 * sent + half;
          publisher.client.sendRtp(buildRtp({ ssrc: CAMERA_SSRC, sequenceNumber, timestamp, payload: picture }));
        }
        publisher.client.sendRtp(buildRtp({
          ssrc: MICROPHONE_SSRC,
          payloadType: OPUS.payloadType,
          sequenceNumber: sent,
          timestamp: sent * 1200,
          payload: new Uint8Array(50),
        }));
        // Without checks they would expire (B19).
        if (sent % 400 === 0) {
          for (const { client, opening } of [publisher, limited, free]) client.check(opening.ice);
        }
        setup.engine.handleTimeout(setup.nowMs);
        received.limited.push(...limited.received());
        received.free.push(...free.received());
      }
      const of = (packets: Uint8Array[], ssrc: number) =>
        packets.map(parseRtp).filter((packet) => packet.ssrc === ssrc);
      return {
        video: of(received.limited, VIDEO.ssrc),
        audio: of(received.limited, AUDIO.ssrc).length,
        free: of(received.free, VIDEO.ssrc).length,
      };
    };

    /** What was told of the camera, and of the limit. */
    const told = () =>
      limited.events.splice(0).flatMap((event) => {
        if (event.type !== "quality") return [];
        const camera = event.report.tracks.find(({ trackId }) => trackId === "camera");
        return [`${camera?.state} ${event.report.limitedBy}: ${camera?.reason}`];
      });

    const before = run(5_000);
    assert.match(
      told().at(-1) ?? "",
      /^paused server: paused: limit of the server 400 kbit\/s, sound takes \d+, .* needs [78]\d\d$/,
    );
    assert.ok(before.video.length > 100 && before.video.length < 320, `${before.video.length} packets`);
    const meanwhile = run(10_000);
    assert.equal(meanwhile.video.length, 0);
    assert.deepEqual([meanwhile.audio, meanwhile.free], [400, 800], "sound goes on, and all for who has no limit");

    run(4_000, VP8_DELTA_FRAME, 400);
    const after = run(10_000, VP8_KEY_FRAME, 400);
    assert.ok(after.video.length > 0, "once the publisher sends what fits");
    assert.deepEqual(after.video[0].bytes.subarray(after.video[0].headerLength)[1] & 1, 0, "a key frame");
    const last = before.video.at(-1)?.sequenceNumber ?? 0;
    assert.equal(after.video[0].sequenceNumber, (last + 1) & 0xffff);
    assert.match(told().at(-1) ?? "", /^sent start: /);
    assert.deepEqual(free.events, []);
  },
});
