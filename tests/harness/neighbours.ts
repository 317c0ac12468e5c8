import assert from "node:assert/strict";
import type { RtpPacket } from "werift";
import type { Journal } from "./journal.ts";
import { assertForwarded, MediaSource } from "./media_source.ts";
import { type Subscription, WeriftClient } from "./werift_client.ts";

const PACKETS = 20;

/** A call of two who are to notice nothing of what happens to others. */
export class Neighbours implements AsyncDisposable {
  readonly alice: WeriftClient;
  readonly bob: WeriftClient;
  readonly #source: MediaSource;
  readonly #subscription: Subscription;
  readonly #stream: Journal<RtpPacket>;
  /** Packets of before Bob received any. */
  readonly #early: number;
  readonly #told: readonly number[];

  private constructor(alice: WeriftClient, source: MediaSource, bob: WeriftClient, subscription: Subscription) {
    this.alice = alice;
    this.bob = bob;
    this.#source = source;
    this.#subscription = subscription;
    this.#stream = bob.streamOf(subscription);
    this.#early = source.sent.length - this.#stream.entries.length;
    this.#told = this.#tellings();
  }

  static async meet(signalingUrl: string, roomId = "room"): Promise<Neighbours> {
    const alice = await WeriftClient.join(signalingUrl, roomId);
    const source = new MediaSource(alice, alice.publish("video"));
    await alice.connect();
    const bob = await WeriftClient.join(signalingUrl, roomId);
    const subscription = bob.subscribe("video");
    await bob.connect();
    await source.begin(bob.streamOf(subscription));
    const neighbours = new Neighbours(alice, source, bob, subscription);
    await neighbours.#flow();
    return neighbours;
  }

  /** All that Alice has sent came to Bob, what she sends now comes too, and neither was told anything but of its own way. */
  async assertUndisturbed(): Promise<void> {
    await this.#flow();
    const { ssrc = 0 } = this.bob.sectionOf(this.#subscription);
    const sent = this.#source.sent.slice(this.#early);
    assertForwarded(this.#stream.entries, sent, { ssrc, payloadType: 96, kind: "video" });
    assert.deepEqual(this.#tellings(), this.#told);
    for (const { connection } of [this.alice, this.bob]) assert.equal(connection.connectionState, "connected");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.alice[Symbol.asyncDispose]();
    await this.bob[Symbol.asyncDispose]();
  }

  async #flow(): Promise<void> {
    await this.#source.flow(this.#stream, PACKETS);
  }

  /** Without what Bob is told of his own network, which comes when it comes. */
  #tellings(): number[] {
    return [this.alice, this.bob].map(({ signaling }) =>
      signaling.messages.entries.filter(({ type }) => type !== "quality").length
    );
  }
}
