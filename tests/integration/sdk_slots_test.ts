import assert from "node:assert/strict";
import { type FakePeerConnection, fakePeerConnections } from "../harness/fake_peer_connection.ts";
import { SdkWorld } from "../harness/sdk_world.ts";

interface TrackInfo {
  readonly id: string;
  readonly kind: "audio" | "video";
  readonly source: string;
  readonly codec: string;
}

/** As much of the SDK's Transport as is used here; its own types are the browser's. */
interface SdkTransport {
  readonly slots: { readonly video: number; readonly audio: number } | null;
  receive(info: TrackInfo): void;
  release(trackId: string): void;
  start(): void;
  handleAnswer(answer: { readonly id: string; readonly sdp: string }): Promise<void>;
  handleSlots(slots: readonly { readonly mid: string; readonly trackId?: string }[]): void;
  close(): void;
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { Transport } = await import(new URL("transport.js", SDK).href);

/** A client of a server that answers each offer at once, and what it has told and offered. */
class Client {
  readonly told: string[] = [];
  readonly #transport: SdkTransport;
  readonly #world: SdkWorld;
  readonly #made: readonly FakePeerConnection[];

  constructor(world: SdkWorld, made: readonly FakePeerConnection[], slots?: object) {
    this.#world = world;
    this.#made = made;
    this.#transport = new Transport([], undefined, {
      send: ({ id, tracks }: { readonly id: string; readonly tracks: readonly object[] }) => {
        this.told.push(`offer ${tracks.map((one) => Object.values(one).join("=")).join(" ")}`);
        queueMicrotask(() => this.#transport.handleAnswer({ id, sdp: "answer" }));
      },
      stateChanged: () => {},
      slotted: ({ video, audio }: { readonly video: number; readonly audio: number }) =>
        this.told.push(`slotted ${video} ${audio}`),
      trackStarted: (id: string, receiver: object) => this.told.push(`started ${id} on ${this.#midOf(receiver)}`),
      trackStopped: (id: string) => this.told.push(`stopped ${id}`),
    }, slots);
  }

  get slots() {
    return this.#transport.slots;
  }

  publish(id: string, kind: "audio" | "video" = "video", codec = "video/vp8"): void {
    this.#transport.receive({ id, kind, source: kind === "video" ? "camera" : "microphone", codec });
  }

  release(id: string): void {
    this.#transport.release(id);
  }

  start(): void {
    this.#transport.start();
  }

  fill(...slots: { readonly mid: string; readonly trackId?: string }[]): void {
    this.#transport.handleSlots(slots);
  }

  /** What was told until all that is due is done. */
  async take(): Promise<string[]> {
    await this.#world.advance(500);
    return this.told.splice(0);
  }

  close(): void {
    this.#transport.close();
  }

  #midOf(receiver: object): string | undefined {
    return this.#made[0].transceivers.find((one) => one.receiver === receiver)?.mid;
  }
}

function test(name: string, fn: (world: SdkWorld, made: readonly FakePeerConnection[]) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      using connections = fakePeerConnections();
      await fn(world, connections.made);
      assert.equal(world.clock.pendingCount, 0);
    },
  });
}

test("B356: slots are offered once: who comes, goes and changes places costs no offer", async (world, made) => {
  const client = new Client(world, made, { video: 2, audio: 1 });
  client.start();
  assert.deepEqual(await client.take(), ["slotted 2 1", "offer 0=true 1=true 2=true"]);
  client.publish("a");
  client.publish("b");
  client.publish("s", "audio", "audio/opus");
  assert.deepEqual(await client.take(), []);
  client.fill({ mid: "0", trackId: "s" }, { mid: "1", trackId: "a" }, { mid: "2", trackId: "b" });
  assert.deepEqual(await client.take(), ["started s on 0", "started a on 1", "started b on 2"]);
  client.publish("c");
  client.fill({ mid: "1", trackId: "c" });
  assert.deepEqual(await client.take(), ["stopped a", "started c on 1"]);
  client.fill({ mid: "0", trackId: "s" }, { mid: "1", trackId: "c" }, { mid: "2" });
  assert.deepEqual(await client.take(), ["stopped b"]);
  client.release("c");
  client.fill({ mid: "1", trackId: "a" });
  assert.deepEqual(await client.take(), ["started a on 1"], "who is told that a track is over knows that it stops");
  client.close();
});

test("B356: a codec that no track of the room had is one more offer", async (world, made) => {
  const client = new Client(world, made, { video: 1, audio: 0 });
  client.start();
  await client.take();
  client.publish("a", "video", "video/av1");
  assert.deepEqual(await client.take(), ["offer 0=true"]);
  client.publish("b", "video", "video/av1");
  assert.deepEqual(await client.take(), []);
  client.close();
});

test("B356: a kind without slots has an m-line for each track all the same", async (world, made) => {
  const client = new Client(world, made, { video: 1, audio: 0 });
  client.start();
  await client.take();
  client.publish("s", "audio", "audio/opus");
  assert.deepEqual(await client.take(), ["offer 0=true 1=s", "started s on 1"]);
  client.release("s");
  assert.deepEqual(await client.take(), ["offer 0=true"]);
  client.close();
});

test(
  "B357: beyond a number of videos lines become slots, and those that are too many are parked",
  async (world, made) => {
    const client = new Client(world, made, { video: 1, audio: 1, beyond: 2 });
    for (const id of ["a", "b"]) client.publish(id);
    client.publish("s", "audio", "audio/opus");
    client.start();
    const first = await client.take();
    assert.deepEqual(first, ["offer 0=a 1=b 2=s", "started a on 0", "started b on 1", "started s on 2"]);
    assert.equal(client.slots, null);
    client.publish("c");
    assert.deepEqual(await client.take(), [
      "stopped s",
      "stopped a",
      "stopped b",
      "slotted 1 1",
      "offer 0=true 2=true",
    ]);
    assert.equal(made[0].transceivers[1].currentDirection, "inactive");
    client.release("c");
    client.release("b");
    assert.deepEqual(await client.take(), [], "and stay slots");
    client.close();
  },
);

test("B357: by itself a client has 25 slots beyond 25 videos", async (world, made) => {
  const client = new Client(world, made);
  for (let i = 0; i < 25; i++) client.publish(`v${i}`);
  client.start();
  await client.take();
  assert.equal(client.slots, null);
  client.publish("v25");
  const told = await client.take();
  assert.ok(told.includes("slotted 25 8"));
  assert.equal(made[0].transceivers.length, 33);
  client.close();
});
