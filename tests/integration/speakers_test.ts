import assert from "node:assert/strict";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "../harness/server.ts";
import { type Publication, WeriftClient } from "../harness/werift_client.ts";

const PACKET_MS = 20;
const TICKS = 960;
/** Packets of 600 ms. */
const LIMIT = 30;
const SILENT = Uint8Array.of(127);
const LOUD = Uint8Array.of(25);
/** Longer than RFC 6464 has it. */
const MALFORMED = Uint8Array.of(25, 25);

/** A microphone whose packets say how loud they are. */
class Microphone implements AsyncDisposable {
  readonly client: WeriftClient;
  readonly #publication: Publication;
  /** Wraps soon. */
  #sent = 0xfff0;

  private constructor(client: WeriftClient, publication: Publication) {
    this.client = client;
    this.#publication = publication;
  }

  static async join(url: string, name: string): Promise<Microphone> {
    const client = await WeriftClient.join(url, "room", { name, audioLevel: true });
    const publication = client.publish("audio");
    await client.connect();
    return new Microphone(client, publication);
  }

  async send(level: Uint8Array): Promise<void> {
    const number = this.#sent++;
    const payload = Uint8Array.of(number >> 8, number, 1, 2, 3);
    await this.client.send(this.#publication, number & 0xffff, number * TICKS, payload, false, level);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.client[Symbol.asyncDispose]();
  }
}

/** All send a packet every 20 ms until `isOver`; returns how many. */
async function flow(levels: readonly (readonly [Microphone, Uint8Array])[], isOver: (count: number) => boolean) {
  let count = 0;
  for (; !isOver(count); count++) {
    assert.ok(count < 500, "nothing happens");
    await Promise.all(levels.map(([microphone, level]) => microphone.send(level)));
    await new Promise((resolve) => setTimeout(resolve, PACKET_MS));
  }
  return count;
}

for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
  Deno.test({
    name:
      `B346, B348, B398, P95, P96: two who speak by turns are told within 600 ms of sound, to who joins later too (${name})`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
    ignore,
    sanitizeOps: true,
    // The HTTP client's connection to /healthz stays open.
    sanitizeResources: false,
    fn: () => withServer(setup, "--loudest=5", expectTurns),
  });

  Deno.test({
    name: `B350, B351, P97: the loudest is forwarded without a gap, and who tells no level always is (${name})`,
    permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
    ignore,
    sanitizeOps: true,
    // The HTTP client's connection to /healthz stays open.
    sanitizeResources: false,
    fn: () => withServer(setup, "--loudest=1", expectLoudest),
  });
}

/** Subscribes each of them to the other one. */
async function hearEachOther(one: Microphone, two: Microphone): Promise<void> {
  for (const [listener, { client: { id } }] of [[one, two], [two, one]]) {
    const { signaling, welcome: { peers } } = listener.client;
    const known = peers.find((peer) => peer.id === id)?.tracks[0];
    const track = known ?? (await signaling.receive("trackPublished", ({ peerId }) => peerId === id)).track;
    listener.client.subscribe("audio", track.id);
    await listener.client.negotiate();
  }
}

async function withServer(setup: ServerSetup, flag: string, fn: (url: string) => Promise<void>): Promise<void> {
  const server = await ServerProcess.start({ ...setup, flags: [...(setup.flags ?? []), "--host=127.0.0.1", flag] });
  try {
    await fn(`ws://127.0.0.1:${server.port}/ws`);
  } finally {
    assert.equal(await server.stop(), 0, server.log);
  }
}

async function expectTurns(url: string): Promise<void> {
  await using listener = await WeriftClient.join(url, "room");
  await using one = await Microphone.join(url, "One");
  await using two = await Microphone.join(url, "Two");
  // Workers that share a room compare those who hear each other.
  await hearEachOther(one, two);
  const last = () => listener.signaling.received("speakers").at(-1);
  await flow([[one, SILENT], [two, SILENT]], (count) => count === 10);
  assert.equal(last(), undefined, "nobody has spoken");

  for (const [speaker, other] of [[one, two], [two, one], [one, two]]) {
    const count = await flow([[speaker, LOUD], [other, SILENT]], () => last()?.dominant === speaker.client.id);
    assert.ok(count >= 10 && count <= LIMIT, `after ${count} packets`);
    assert.ok(last()?.active.some(({ peerId, level }) => peerId === speaker.client.id && level > 0.03 && level < 0.1));
    await flow([[speaker, LOUD], [other, SILENT]], (count) => count === 20);
  }
  await flow([[one, SILENT], [two, SILENT]], () => last()?.active.length === 0);
  assert.equal(last()?.dominant, one.client.id, "silence keeps the last one");
  const told = listener.signaling.received("speakers").length;
  await flow([[one, SILENT], [two, SILENT]], (count) => count === 20);
  assert.equal(listener.signaling.received("speakers").length, told);
  assert.ok(told <= 10, `${told} messages`);
  assert.deepEqual(one.client.signaling.received("speakers").at(-1), last(), "the speakers are told as well");

  await using late = await WeriftClient.join(url, "room");
  await late.signaling.receive("speakers");
  assert.deepEqual(late.signaling.messages.entries.slice(0, 2).map(({ type }) => type), ["welcome", "speakers"]);
  assert.deepEqual(late.signaling.received("speakers"), [{ type: "speakers", dominant: one.client.id, active: [] }]);
  await one.client.leave();
  await late.signaling.receive("peerLeft");
  await using later = await WeriftClient.join(url, "room");
  const { id } = two.client;
  await flow([[two, LOUD]], () => later.signaling.received("speakers").some(({ dominant }) => dominant === id));
  assert.ok(later.signaling.received("speakers").every(({ dominant }) => dominant === id || dominant === undefined));
}

async function expectLoudest(url: string): Promise<void> {
  await using one = await Microphone.join(url, "One");
  await using two = await Microphone.join(url, "Two");
  await using strange = await Microphone.join(url, "Strange");
  await using listener = await WeriftClient.join(url, "room");
  const heard = [listener.subscribe("audio"), listener.subscribe("audio"), listener.subscribe("audio")];
  await listener.connect();
  const [ofOne, ofTwo, ofStrange] = heard.map((subscription) => listener.streamOf(subscription));
  const levels = (first: Uint8Array, second: Uint8Array) =>
    [[one, first], [two, second], [strange, MALFORMED]] as const;

  await flow(levels(SILENT, LOUD), () => ofTwo.entries.length >= 10);
  await flow(levels(LOUD, SILENT), () => ofOne.entries.length >= 30);
  const before = ofTwo.entries.length;
  await flow(levels(LOUD, SILENT), (count) => count === 10);
  assert.equal(ofTwo.entries.length, before, "who is silent is not sent");
  await flow(levels(SILENT, SILENT), (count) => count === 75);
  const said = await flow(levels(SILENT, LOUD), () => ofTwo.entries.length >= before + 10);
  assert.ok(said <= 15, `10 packets of ${said}: the first ones are sent`);
  const silenced = ofOne.entries.length;
  await flow(levels(SILENT, LOUD), (count) => count === 10);
  assert.equal(ofOne.entries.length, silenced);
  for (const { entries } of [ofOne, ofTwo, ofStrange]) {
    const numbers = entries.map(({ header }) => header.sequenceNumber);
    assert.ok(numbers.every((number, index) => number === ((numbers[0] + index) & 0xffff)), `${numbers}`);
  }
  assert.ok(ofStrange.entries.length > ofOne.entries.length);
  const numberOf = ({ payload }: { readonly payload: Uint8Array }) => (payload[0] << 8) | payload[1];
  const [last, first] = [ofTwo.entries[before - 1], ofTwo.entries[before]];
  const passed = (numberOf(first) - numberOf(last)) & 0xffff;
  assert.ok(passed > 80, `${passed}`);
  assert.equal((first.header.timestamp - last.header.timestamp) >>> 0, passed * TICKS, "its time went on");
  assert.deepEqual(
    listener.signaling.received("speakers").some(({ dominant }) => dominant === strange.client.id),
    false,
  );
}
