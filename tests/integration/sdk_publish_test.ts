import assert from "node:assert/strict";
import { type FakePeerConnection, fakePeerConnections } from "../harness/fake_peer_connection.ts";
import { SdkWorld } from "../harness/sdk_world.ts";

/** As much of the SDK's Publication as is used here; its own types are the browser's. */
interface SdkPublication {
  readonly track: object;
  replace(track: object): Promise<void>;
  setActiveLayers(active: readonly string[]): void;
}

/** The same of its Transport. */
interface SdkTransport {
  start(): void;
  publish(publication: SdkPublication): Promise<void>;
  unpublish(publication: SdkPublication): Promise<void>;
  handleAnswer(answer: { readonly id: string; readonly sdp: string }): Promise<void>;
  close(): void;
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { Transport } = await import(new URL("transport.js", SDK).href);
const { Publication } = await import(new URL("publication.js", SDK).href);

function camera(height: number): object {
  return { kind: "video", getSettings: () => ({ height }) };
}

/** A client of a server that takes all that is offered, at once. */
class Client {
  readonly #transport: SdkTransport;
  readonly #world: SdkWorld;
  readonly #made: readonly FakePeerConnection[];
  /** Of each offer the MIDs that publish. */
  readonly #offers: string[] = [];

  constructor(world: SdkWorld, made: readonly FakePeerConnection[]) {
    this.#world = world;
    this.#made = made;
    this.#transport = new Transport([], undefined, {
      send: ({ id, tracks }: { readonly id: string; readonly tracks: readonly { readonly mid: string }[] }) => {
        this.#offers.push(tracks.map(({ mid }) => mid).join(" "));
        queueMicrotask(() => this.#transport.handleAnswer({ id, sdp: "answer" }));
      },
      stateChanged: () => {},
    });
  }

  /** Publishes the track; what becomes of it is "taken" or a code. */
  publish(track: object, options: object = {}) {
    const publication: SdkPublication = new Publication(track, "camera", {}, options);
    const outcome = this.#transport.publish(publication)
      .then(() => "taken", ({ code }: { readonly code: string }) => code);
    return { publication, outcome };
  }

  unpublish(publication: SdkPublication): Promise<void> {
    return this.#transport.unpublish(publication);
  }

  /** What was offered until all that is due is done. */
  async take(): Promise<string[]> {
    await this.#world.advance(500);
    return this.#offers.splice(0);
  }

  sender(mid: number) {
    return this.#made[0].transceivers[mid].sender;
  }

  close(): void {
    this.#transport.close();
  }
}

function test(name: string, fn: (client: Client, world: SdkWorld) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      using connections = fakePeerConnections();
      const client = new Client(world, connections.made);
      await fn(client, world);
      client.close();
      assert.equal(world.clock.pendingCount, 0);
    },
  });
}

test("B312: encodings that the browser refuses fail their own track, and all others are offered", async (client) => {
  const bad = client.publish(camera(720), { simulcast: [{ rid: "a" }, { rid: "a" }] });
  const good = client.publish(camera(720));
  assert.deepEqual(await client.take(), ["0"]);
  assert.deepEqual([await bad.outcome, await good.outcome], ["offer-failed", "taken"]);
  const later = client.publish(camera(180));
  assert.deepEqual(await client.take(), ["0 1"]);
  assert.equal(await later.outcome, "taken");

  await client.unpublish(later.publication);
  await client.take();
  const worse = client.publish(camera(180), { simulcast: [{ scaleResolutionDownBy: 0.5 }] });
  assert.deepEqual(await client.take(), ["0"]);
  assert.equal(await worse.outcome, "offer-failed");
  const again = client.publish(camera(180));
  assert.deepEqual(await client.take(), ["0 1"], "the line that it was tried on is free");
  assert.equal(await again.outcome, "taken");
});

test("B312: a line is used again for encodings by the same RIDs alone", async (client) => {
  const { publication } = client.publish(camera(360));
  await client.take();
  await client.unpublish(publication);
  await client.take();
  client.publish(camera(360), { simulcast: [{ rid: "a" }, { rid: "b" }] });
  assert.deepEqual(await client.take(), ["1"]);
  const track = camera(480);
  client.publish(track);
  assert.deepEqual(await client.take(), ["0 1"]);
  assert.equal(client.sender(0).track, track);
});

test("P27: a track that ends while its offer is prepared is not offered", async (client, world) => {
  const { publication } = client.publish(camera(180));
  await client.take();
  await client.unpublish(publication);
  await client.take();
  const first = client.publish(camera(180));
  const second = client.publish(camera(180));
  // The first one is on its way into the free line.
  world.clock.advance(100);
  await client.unpublish(second.publication);
  assert.deepEqual((await client.take())[0], "0");
  assert.deepEqual([await first.outcome, await second.outcome], ["taken", "unpublished"]);
});

test(
  "B312: a track in place of another one has its own limits, in the layers that are received",
  async (client, world) => {
    const { publication } = client.publish(camera(720));
    await client.take();
    const sender = client.sender(0);
    const bitrates = () => sender.encodings.map(({ rid, active, maxBitrate }) => `${rid} ${active} ${maxBitrate}`);
    publication.setActiveLayers(["q", "h"]);
    await world.settle();
    assert.deepEqual(bitrates(), ["q true 200000", "h true 600000", "f false 2000000"]);
    sender.failures = 1;
    await publication.replace(camera(1080));
    assert.deepEqual(bitrates(), ["q true 600000", "h true 1200000", "f false 3500000"]);
    await publication.replace(camera(360));
    assert.deepEqual(bitrates(), ["q true 600000", "h true 1200000", "f false 3500000"], "which would have two");
    sender.failures = 2;
    publication.setActiveLayers([]);
    await world.settle();
    assert.deepEqual(bitrates(), ["q true 600000", "h true 1200000", "f false 3500000"]);
    publication.setActiveLayers(["q"]);
    await world.settle();
    assert.deepEqual(bitrates(), ["q true 600000", "h false 1200000", "f false 3500000"], "a failure ends nothing");
  },
);
