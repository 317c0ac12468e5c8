import assert from "node:assert/strict";
import { createSwitchboard } from "../../src/mod.ts";
import { MediaSource } from "../harness/media_source.ts";
import { Log } from "../harness/server.ts";
import { type Publication, WeriftClient } from "../harness/werift_client.ts";

const ROOT = new URL("../../", import.meta.url);
const EXAMPLE = "docs/examples/isolates.ts";
const LISTENING = (node: number) => new RegExp(`^node ${node} is at http://localhost:(\\d+)$`, "m");
const PACKETS = 100;

/** The example, as its words say it is run. */
async function withIsolates(test: (ports: readonly number[], log: Log) => Promise<void>): Promise<void> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", EXAMPLE, "0"],
    cwd: ROOT,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const log = new Log(child);
  try {
    const ports: number[] = [];
    for (const node of [0, 1]) ports.push(Number(await log.match(LISTENING(node))));
    await test(ports, log);
  } catch (error) {
    throw new Error(`the example wrote:\n${log.text}`, { cause: error });
  } finally {
    child.kill();
    await child.status;
    await log.ended;
  }
}

/** Has one peer receive a track of the other one, of another isolate, whole. */
async function receive(subscriber: WeriftClient, publisher: WeriftClient, publication: Publication): Promise<void> {
  const { kind } = publication;
  const { track } = await subscriber.signaling.receive("trackPublished", ({ track }) => track.kind === kind);
  const subscription = subscriber.subscribe(kind, track.id);
  await subscriber.negotiate();
  const source = new MediaSource(publisher, publication);
  const stream = subscriber.streamOf(subscription);
  await source.begin(stream);
  await source.flow(stream, PACKETS);
}

Deno.test({
  name:
    "B415: in the example of isolates that share rooms peers of each see and hear those of the other, and when they leave",
  permissions: { run: [Deno.execPath()], net: ["localhost", "127.0.0.1"] },
  fn: () =>
    withIsolates(async ([first, second]) => {
      await using alice = await WeriftClient.join(`ws://localhost:${first}/ws`, "room", { name: "Alice" });
      const bob = await WeriftClient.join(`ws://localhost:${second}/ws`, "room", { name: "Bob" });
      assert.equal((await alice.signaling.receive("peerJoined")).peer.name, "Bob");
      const ofAlice = [alice.publish("audio"), alice.publish("video")];
      await alice.connect();
      const ofBob = [bob.publish("audio"), bob.publish("video")];
      await bob.connect();
      for (const publication of ofAlice) await receive(bob, alice, publication);
      for (const publication of ofBob) await receive(alice, bob, publication);
      await bob[Symbol.asyncDispose]();
      assert.equal((await alice.signaling.receive("peerLeft")).peerId, bob.id);
    }),
});

Deno.test({
  name: "B415: an isolate that shares rooms has a number of its own, 0 to 30, and no media workers",
  permissions: "none",
  fn() {
    for (const node of [-1, 31, 0.5, NaN]) {
      assert.throws(() => createSwitchboard({ sharedRooms: { node } }), {
        name: "TypeError",
        message: /sharedRooms: .* is no node/,
      });
    }
    const message = /^sharedRooms: .* no media workers$/;
    assert.throws(() => createSwitchboard({ sharedRooms: { node: 0 }, workers: 2 }), { name: "TypeError", message });
  },
});
