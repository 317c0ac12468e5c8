/** One subscriber's quality by itself, with consumers that only note what they are told. */
import assert from "node:assert/strict";
import type { EstimateLimit } from "../../src/congestion/bandwidth_estimator.ts";
import type { Layer } from "../../src/sfu/layer_ladder.ts";
import type { QualityReport, WantedQuality } from "../../src/sfu/quality.ts";
import type { ConsumerLike } from "../../src/sfu/quality_report.ts";
import { SubscriberQuality } from "../../src/sfu/subscriber_quality.ts";
import type { Kind } from "../../src/sfu/types.ts";
import { cameraLayers } from "./layers.ts";

export class FakeConsumer implements ConsumerLike {
  readonly producer;
  numbersPackets = true;
  started = true;
  bytesSent = 0;
  /** Its publisher sends, so little that nothing is carried by that. */
  trickles = true;
  /** How often it went on with a picture. */
  asked = 0;
  /** What it was told last. */
  state = "new";
  current = {
    encoding: {
      rid: "q",
      spatialLayers: 1,
      temporalLayers: 1,
      widthOf: () => 320,
      heightOf: () => 180,
      framesPerSecond: () => 30,
    },
    spatial: 0,
    temporal: 0,
  };
  #target = "";

  constructor(
    readonly mid: string,
    kind: Kind = "video",
    layers: readonly Layer[] = cameraLayers(),
    id = `track ${mid}`,
  ) {
    const at = () => layers;
    this.producer = {
      id,
      kind,
      source: "camera" as const,
      isMuted: false,
      encodings: { length: 3 },
      layers: { at },
    };
  }

  setTarget(encoding: number, _spatial: number, temporal: number): void {
    this.#target = ` ${encoding}/${temporal}`;
    if (this.state !== "new" && this.state !== "paused") this.state = `sends${this.#target}`;
  }

  begin(): void {
    assert.equal(this.state, "new");
    this.state = `sends${this.#target}`;
  }

  pause(): void {
    assert.match(this.state, /^sends/);
    this.state = "paused";
  }

  resume(): void {
    assert.match(this.state, /^(new|paused)$/);
    this.asked++;
    this.state = `sends${this.#target}`;
  }
}

/** One subscriber, whose estimate is what the test says. */
export class QualityScene {
  nowMs = 0;
  readonly bandwidth = {
    bitsPerSecond: 300_000,
    throughput: 0,
    lossFraction: 0,
    roundTripMs: 0,
    limitedBy: "start" as EstimateLimit,
    wanted: 0,
    looks: 0,
    setWanted(bitsPerSecond: number) {
      this.looks++;
      this.wanted = bitsPerSecond;
    },
  };
  /** By reports. */
  roundTripMs: number | undefined = 12.3;
  readonly wanted = new Map<string, WantedQuality>();
  readonly reports: QualityReport[] = [];
  readonly quality: SubscriberQuality<FakeConsumer>;
  readonly #consumers: FakeConsumer[] = [];

  constructor(maxBitsPerSecond?: number, phase = 0) {
    const { bandwidth, wanted } = this;
    const report = (report: QualityReport) => void this.reports.push(report);
    const roundTripMs = () => this.roundTripMs;
    this.quality = new SubscriberQuality({ phase, bandwidth, wanted, maxBitsPerSecond, roundTripMs, report });
  }

  add(...consumers: FakeConsumer[]): void {
    this.#consumers.push(...consumers);
    for (const consumer of consumers) this.quality.add(consumer, this.nowMs);
    this.tick();
  }

  /** Something else is wanted of a track, and as much time passes as that may take. */
  want(trackId: string, wanted: WantedQuality): void {
    this.wanted.set(trackId, wanted);
    this.quality.handleWanted(trackId, this.nowMs);
    this.run(100);
  }

  /** The subscriber tells what arrives, and time goes on. */
  hear(kilobits: number, ms = 0): void {
    this.bandwidth.bitsPerSecond = kilobits * 1000;
    this.bandwidth.throughput = 1;
    this.bandwidth.limitedBy = "delay";
    this.quality.handleFeedback(this.nowMs);
    this.run(ms);
  }

  run(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs;) {
      this.nowMs += 25;
      for (const consumer of this.#consumers) {
        if (consumer.trickles && consumer.state !== "paused") consumer.bytesSent++;
      }
      this.tick();
    }
  }

  tick(): void {
    if (this.quality.nextTimeout() <= this.nowMs) this.quality.handleTimeout(this.nowMs);
  }
}
