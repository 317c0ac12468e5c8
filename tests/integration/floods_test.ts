import assert from "node:assert/strict";
import { KEY_FRAME_REQUEST_INTERVAL_MS } from "../../src/stream/key_frame_gate.ts";
import { DTLS_RECORDS_AT_ONCE, DTLS_RECORDS_PER_SECOND } from "../../src/webrtc/dtls_budget.ts";
import { seeded } from "../harness/dtls_datagrams.ts";
import { floodsOf } from "../harness/floods.ts";
import { clientHello, HalfPeer } from "../harness/half_peer.ts";
import { assertForwarded, MediaSource } from "../harness/media_source.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "../harness/server.ts";
import { Stranger, targetOf } from "../harness/stranger.ts";
import { type Publication, type Subscription, WeriftClient } from "../harness/werift_client.ts";

const SEED = 64;
/** Datagrams of a flood between two packets of the call. */
const BURST = 16;
/** Of each kind of flood. */
const BURSTS = 30;
const HALF_PEERS = 30;
const HELLO_BURSTS = 60;
const STRANGER_BURSTS = 100;
const MAX_EARLY = 1_000;
/** SSRCs that are bound to one track at most (rule B60). */
const SSRCS_PER_TRACK = 8;

/** A call of two, of which every packet is counted. */
class Call {
  readonly alice: WeriftClient;
  readonly bob: WeriftClient;
  readonly source: MediaSource;
  readonly #publication: Publication;
  readonly #subscription: Subscription;
  readonly #beganMs = performance.now();
  /** Packets that Alice sent before Bob could get one (rule B43). */
  #early = 0;

  private constructor(alice: WeriftClient, publication: Publication, bob: WeriftClient, subscription: Subscription) {
    this.alice = alice;
    this.bob = bob;
    this.source = new MediaSource(alice, publication);
    this.#publication = publication;
    this.#subscription = subscription;
  }

  static async begin(server: ServerProcess, stack: AsyncDisposableStack): Promise<Call> {
    const url = signalingUrl(server);
    const alice = stack.use(await WeriftClient.join(url, "room"));
    const publication = alice.publish("video");
    await alice.connect();
    const bob = stack.use(await WeriftClient.join(url, "room"));
    const subscription = bob.subscribe("video");
    await bob.connect();
    const call = new Call(alice, publication, bob, subscription);
    await call.#start(server);
    return call;
  }

  /** Bob knows that he is connected before the server's media does, perhaps. */
  async #start(server: ServerProcess): Promise<void> {
    const stream = this.bob.streamOf(this.#subscription);
    while (stream.entries.length === 0) {
      assert.ok(this.source.sent.length < MAX_EARLY, "no packet comes through");
      await this.source.sendKeyFrame();
      await server.health();
    }
    const [first] = stream.entries;
    this.#early = this.source.sent.findIndex((payload) => first.payload.equals(payload));
    await stream.reach(this.source.sent.length - this.#early, "packet");
  }

  /** Until so many more packets have come, none of which was lost. */
  async goOn(packets: number): Promise<void> {
    await this.source.flow(this.bob.streamOf(this.#subscription), packets);
  }

  /** Bob got all that Alice sent, she was asked for no more pictures than one peer may ask for, and both stay. */
  assertUndisturbed(): void {
    const { ssrc = 0 } = this.bob.sectionOf(this.#subscription);
    assertForwarded(this.bob.stream(ssrc).entries, this.source.sent.slice(this.#early), {
      ssrc,
      payloadType: 96,
      kind: "video",
    });
    const requests = this.#publication.keyFrameRequests.entries.length;
    const allowed = 2 + (performance.now() - this.#beganMs) / KEY_FRAME_REQUEST_INTERVAL_MS;
    assert.ok(requests <= allowed, `${requests} key-frame requests`);
    for (const { connection, signaling } of [this.alice, this.bob]) {
      assert.equal(connection.connectionState, "connected");
      assert.deepEqual(signaling.received("error"), []);
    }
  }
}

function test(sentence: string, fn: (server: ServerProcess, stack: AsyncDisposableStack) => Promise<void>): void {
  for (const { name, ignore, ...setup } of MEDIA_SETUPS) {
    Deno.test({
      name: `${sentence} (${name}, seed ${SEED})`,
      permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1"] },
      ignore,
      sanitizeOps: true,
      // The HTTP client's connection to /healthz stays open.
      sanitizeResources: false,
      fn: () => withServer(setup, fn),
    });
  }
}

async function withServer(
  setup: ServerSetup,
  fn: (server: ServerProcess, stack: AsyncDisposableStack) => Promise<void>,
): Promise<void> {
  const server = await ServerProcess.start({ ...setup, flags: [...(setup.flags ?? []), "--host=127.0.0.1"] });
  try {
    await using stack = new AsyncDisposableStack();
    await fn(server, stack);
  } finally {
    assert.equal(await server.stop(), 0, server.log);
  }
}

function signalingUrl({ port }: ServerProcess): string {
  return `ws://127.0.0.1:${port}/ws`;
}

test(
  "B131, B215, B216: a peer that floods under its own keys costs others no packet, and the server no memory",
  async (server, stack) => {
    const call = await Call.begin(server, stack);
    const mallory = stack.use(await WeriftClient.join(signalingUrl(server), "room"));
    const own = mallory.publish("video");
    const received = mallory.subscribe("video");
    await mallory.connect();
    const { ssrcs: before } = await server.health();
    const floods = floodsOf(mallory, {
      ownSsrc: own.transceiver.sender.ssrc,
      receivedSsrc: mallory.sectionOf(received).ssrc ?? 0,
      target: targetOf(mallory, call.source.publication.transceiver.sender.ssrc).target,
      random: seeded(SEED),
    });
    for (const flood of Object.values(floods)) {
      for (let burst = 0; burst < BURSTS; burst++) {
        for (let n = 0; n < BURST; n++) for (const datagram of flood()) await mallory.sendDatagram(datagram);
        await call.goOn(2);
      }
    }
    call.assertUndisturbed();
    const { peers, ssrcs } = await server.health();
    assert.equal(peers, 3);
    assert.ok(Number(ssrcs) < Number(before) + SSRCS_PER_TRACK, `${ssrcs} SSRCs after ${before}`);
  },
);

test(
  "B131, B215: ClientHellos without end, and handshakes that are begun and not ended, disturb nobody",
  async (server, stack) => {
    const call = await Call.begin(server, stack);
    const hello = await clientHello();
    const halves: HalfPeer[] = [];
    for (let n = 0; n < HALF_PEERS; n++) {
      const half = stack.use(await HalfPeer.join(signalingUrl(server), "room"));
      half.media.client.sendDatagram(hello);
      await half.answered();
      halves.push(half);
      await call.goOn(2);
    }
    assert.equal((await server.health()).peers, 2 + HALF_PEERS);

    const beganMs = performance.now();
    const [flooder] = halves;
    for (let burst = 0; burst < HELLO_BURSTS; burst++) {
      for (let n = 0; n < BURST; n++) flooder.media.client.sendDatagram(hello);
      await flooder.media.sent;
      await call.goOn(2);
    }
    const allowed = DTLS_RECORDS_AT_ONCE + DTLS_RECORDS_PER_SECOND * (1 + (performance.now() - beganMs) / 1000);
    assert.ok(flooder.answers <= allowed, `${flooder.answers} answers`);

    for (const { signaling } of halves) await signaling.close();
    // The server hears of that on its own time.
    for (let rounds = 0; (await server.health()).peers !== 2; rounds++) {
      assert.ok(rounds < 1_000, "what has begun a handshake leaves with its signaling");
      await call.goOn(1);
    }
    call.assertUndisturbed();
  },
);

test(
  "B45, B131: datagrams of a stranger without end are not answered, and cost a call no packet",
  async (server, stack) => {
    const call = await Call.begin(server, stack);
    const { alice, bob, source } = call;
    const { ssrc } = source.publication.transceiver.sender;
    const targets = [alice, bob].map((client) => targetOf(client, ssrc));
    using stranger = new Stranger(SEED);
    for (let burst = 0; burst < STRANGER_BURSTS; burst++) {
      await stranger.sendBatch(targets);
      await call.goOn(2);
    }
    await stranger.assertNothingReceived();
    call.assertUndisturbed();
  },
);
