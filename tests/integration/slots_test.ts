import assert from "node:assert/strict";
import type { RtpPacket } from "werift";
import type { Journal } from "../harness/journal.ts";
import { isKeyFrame, MediaSource } from "../harness/media_source.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "../harness/server.ts";
import { type Publication, WeriftClient } from "../harness/werift_client.ts";

/** Between two packets of each source. */
const STEP_MS = 10;

/** Somebody who publishes a picture all the time, with a key frame at the start and whenever one is asked for. */
class Publisher implements AsyncDisposable {
  readonly client: WeriftClient;
  readonly publication: Publication;
  readonly source: MediaSource;
  #keyFrames = 0;
  #over = false;
  #sending: Promise<void>;

  private constructor(client: WeriftClient, publication: Publication) {
    this.client = client;
    this.publication = publication;
    this.source = new MediaSource(client, publication);
    this.#sending = this.#send();
  }

  static async join(url: string, name: string): Promise<Publisher> {
    const client = await WeriftClient.join(url, "room", { name });
    const publication = client.publish("video");
    await client.connect();
    return new Publisher(client, publication);
  }

  async #send(): Promise<void> {
    while (!this.#over) {
      const asked = this.publication.keyFrameRequests.entries.length;
      if (asked > this.#keyFrames) await this.source.sendKeyFrame();
      else await this.source.send();
      this.#keyFrames = asked;
      await new Promise((resolve) => setTimeout(resolve, STEP_MS));
    }
  }

  /** Stops to send, and leaves. */
  async leave(): Promise<void> {
    this.#over = true;
    await this.#sending;
    await this.client.leave();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    await this.#sending;
    await this.client[Symbol.asyncDispose]();
  }
}

/** The track of a publisher, as a peer that was there before has heard of it. */
async function trackOf(witness: WeriftClient, { client: { id } }: Publisher): Promise<string> {
  return (await witness.signaling.receive("trackPublished", ({ peerId }) => peerId === id)).track.id;
}

for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
  Deno.test({
    name:
      `B355, P98, P99: a slot goes from track to track as one stream that begins with a key frame each time (${name})`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
    ignore,
    sanitizeOps: true,
    // The HTTP client's connection to /healthz stays open.
    sanitizeResources: false,
    fn: () => withServer(setup, expectOneStream),
  });
}

async function withServer(setup: ServerSetup, fn: (url: string) => Promise<void>): Promise<void> {
  const server = await ServerProcess.start({ ...setup, flags: [...(setup.flags ?? []), "--host=127.0.0.1"] });
  try {
    await fn(`ws://127.0.0.1:${server.port}/ws`);
  } finally {
    assert.equal(await server.stop(), 0, server.log);
  }
}

async function expectOneStream(url: string): Promise<void> {
  await using viewer = await WeriftClient.join(url, "room");
  const slot = viewer.openSlot("video");
  await viewer.connect();
  const { mid = "", ssrc } = viewer.sectionOf(slot);
  assert.deepEqual((await viewer.signaling.receive("slots")).slots, [{ mid }]);
  const stream = viewer.streamOf(slot);

  await using ann = await Publisher.join(url, "Ann");
  await using bob = await Publisher.join(url, "Bob");
  await using cat = await Publisher.join(url, "Cat");
  const [first, second, third] = [await trackOf(viewer, ann), await trackOf(viewer, bob), await trackOf(viewer, cat)];
  const shows = (trackId: string) =>
    viewer.signaling.receive("slots", ({ slots: [slot] }) => slot.mid === mid && slot.trackId === trackId);
  await shows(first);
  await carries(stream, ann);

  viewer.signaling.send({ type: "setQuality", trackId: second, pinned: true });
  await shows(second);
  await carries(stream, bob);
  viewer.signaling.send({ type: "setQuality", trackId: third, pinned: true });
  await shows(third);
  await carries(stream, cat);
  await cat.leave();
  await carries(stream, bob);

  assert.deepEqual(viewer.receivedSsrcs, [ssrc], "one SSRC for all");
  assert.equal(viewer.signaling.received("answer").length, 1, "one offer for all");
  assertOneStream(stream.entries);
}

/** Until twenty more packets of the publisher have come: their payloads are its own by their number. */
async function carries(stream: Journal<RtpPacket>, { source }: Publisher): Promise<void> {
  const from = stream.entries.length;
  const sent = source.sent.length;
  let found = 0;
  const isOwn = ({ payload }: RtpPacket) => {
    const index = payload.readUInt32BE(isDelta(payload) ? 4 : 9);
    return index >= sent && source.sent[index] !== undefined && payload.equals(source.sent[index]);
  };
  await stream.find((packet) => stream.entries.indexOf(packet) >= from && isOwn(packet) && ++found === 20, "the track");
}

function isDelta(payload: Uint8Array): boolean {
  return (payload[1] & 1) === 1;
}

/** No gap in the sequence numbers, no timestamp that goes back, and a key frame wherever the source is another one. */
function assertOneStream(packets: readonly RtpPacket[]): void {
  const [first] = packets;
  assert.ok(isKeyFrame(first));
  let switches = 0;
  for (const [index, packet] of packets.entries()) {
    const { sequenceNumber, timestamp } = packet.header;
    assert.equal(sequenceNumber, (first.header.sequenceNumber + index) & 0xffff, `sequence number of packet ${index}`);
    if (index === 0) continue;
    const step = (timestamp - packets[index - 1].header.timestamp) | 0;
    assert.ok(step > 0, `timestamp of packet ${index} goes back by ${-step}`);
    // A source goes on by 3000; another one by the time that has passed.
    if (step === 3000) continue;
    assert.ok(isKeyFrame(packet), `packet ${index} begins a source and no key frame`);
    switches++;
  }
  assert.equal(switches, 3);
}
