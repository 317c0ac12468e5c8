import assert from "node:assert/strict";
import { BACKEND_SETUPS, type BackendSetup } from "../harness/backend_setups.ts";
import { buildRtp, parseRtp, VP8_DELTA_FRAME, VP8_KEY_FRAME } from "../harness/rtp_builder.ts";
import { seededRandom } from "../harness/seeded_random.ts";
import type { ServerDatagram, UdpPath } from "../harness/udp_test_client.ts";
import { type UdpPerson, UdpRoom } from "../harness/udp_room.ts";

const SSRC = 1000;
const NET = ["127.0.0.1", "127.0.0.2"];
/** Packets under way at most: few enough for a socket's buffer, so that loopback loses none. */
const WINDOW = 10;
/** Packets between two steps at least. */
const STEP_PACKETS = 50;

/** Numbered packets from one peer to another, without a pause until it is stopped. */
class Flow {
  readonly publisher: UdpPerson;
  readonly subscriber: UdpPerson;
  sent = 0;
  #stopped = false;

  constructor(publisher: UdpPerson, subscriber: UdpPerson) {
    this.publisher = publisher;
    this.subscriber = subscriber;
  }

  /** What has come of it, in its order. */
  get received(): ServerDatagram[] {
    return this.subscriber.udp.received.entries.filter(({ kind }) => kind === "rtp");
  }

  /** Sends until `stop`. Throws an Error where a packet does not come. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      for (let i = 0; i < WINDOW; i++) this.#send();
      const last = this.sent - 1;
      await this.arrived(last);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  async arrived(index: number): Promise<void> {
    const isIt = ({ kind, plain }: ServerDatagram) => kind === "rtp" && indexOf(plain) === index;
    await this.subscriber.udp.received.find(isIt, `packet ${index}`);
  }

  /** Until so many more packets than now have come. */
  async goesOn(): Promise<void> {
    await this.arrived(this.sent + STEP_PACKETS);
  }

  #send(): void {
    const index = this.sent++;
    const payload = new Uint8Array([...(index === 0 ? VP8_KEY_FRAME : VP8_DELTA_FRAME), 0, 0, 0, 0]);
    new DataView(payload.buffer).setUint32(payload.length - 4, index);
    const fields = { ssrc: SSRC, sequenceNumber: index & 0xffff, timestamp: index * 3000, payload };
    this.publisher.udp.client.sendRtp(buildRtp(fields));
  }
}

function indexOf(packet: Uint8Array): number {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  return view.getUint32(packet.length - 4);
}

/** Every packet that was sent came once, and in one continuous stream. */
function expectAll(flow: Flow): void {
  const packets = flow.received.map(({ plain }) => ({ index: indexOf(plain), out: parseRtp(plain).sequenceNumber }));
  const sorted = packets.toSorted((a, b) => a.index - b.index);
  assert.deepEqual(sorted.map(({ index }) => index), Array.from({ length: flow.sent }, (_, index) => index));
  const first = sorted[0].out;
  for (const { index, out } of sorted) assert.equal(out, (first + index) & 0xffff, `packet ${index}`);
}

/** Runs a test in a call whose media flows all the time: not one packet may be lost, of thousands, whatever it does. */
async function withFlow({ open }: BackendSetup, test: (flow: Flow) => Promise<void>): Promise<void> {
  await using room = new UdpRoom(open(), seededRandom(2));
  const publisher = await room.join([{ mid: "0", kind: "video", direction: "sendonly", ssrc: SSRC, msid: "s v" }]);
  const subscriber = await room.join([{ mid: "0", kind: "video", direction: "recvonly" }]);
  const flow = new Flow(publisher, subscriber);
  const running = flow.run();
  try {
    await Promise.race([test(flow), running]);
  } finally {
    flow.stop();
    await running;
  }
  expectAll(flow);
}

/** Which of the packets from `index` on did not come by this path. */
function elsewhere(flow: Flow, index: number, path: UdpPath): number[] {
  const others = flow.received.filter((datagram) => datagram.path !== path);
  return others.map(({ plain }) => indexOf(plain)).filter((at) => at >= index);
}

for (const setup of BACKEND_SETUPS) {
  const { ignore } = setup;
  const permissions = { net: NET, ffi: setup.ffi, read: [new URL("../../src/", import.meta.url)] };

  Deno.test({
    name:
      `${setup.name}: B200, P29: ICE restarts of publisher and subscriber cost no packet, and each step its own way`,
    ignore,
    permissions,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      withFlow(setup, async (flow) => {
        for (const person of [flow.subscriber, flow.publisher]) {
          const old = person.credentials;
          await flow.goesOn();
          person.restartIce();
          await flow.goesOn();
          await person.check({ credentials: old });
          await person.check({ nominate: false });
          await flow.goesOn();
          await person.check({ credentials: old });
          await person.check();
          await flow.goesOn();
          // Answers come in the order of the checks, so the lack of one can be seen.
          const ignored = person.udp.client.check(old);
          await person.check();
          const answers = person.udp.received.entries.filter(({ kind }) => kind === "stun");
          assert.equal(answers.some(({ plain }) => plain[8] === ignored), false, "the wrong generation is answered");
        }
      }),
  });

  Deno.test({
    name: `${setup.name}: P69: a subscriber that goes on at another port and at another address loses no packet`,
    ignore,
    permissions,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      withFlow(setup, async (flow) => {
        const { subscriber } = flow;
        for (const [hostname, restarts] of [["127.0.0.1", false], ["127.0.0.2", false], ["127.0.0.2", true]] as const) {
          const path = subscriber.udp.openPath(hostname);
          if (restarts) subscriber.restartIce();
          await subscriber.check({ path, nominate: false });
          await flow.goesOn();
          await subscriber.check({ path });
          const from = flow.sent;
          subscriber.udp.use(path);
          await flow.goesOn();
          assert.deepEqual(elsewhere(flow, from, path), [], `after the nomination at ${hostname}`);
        }
      }),
  });

  Deno.test({
    name: `${setup.name}: P69: a publisher that goes on at another port and at another address loses no packet`,
    ignore,
    permissions,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: () =>
      withFlow(setup, async (flow) => {
        const { publisher } = flow;
        for (const [hostname, restarts] of [["127.0.0.1", false], ["127.0.0.2", false], ["127.0.0.2", true]] as const) {
          const path = publisher.udp.openPath(hostname);
          if (restarts) publisher.restartIce();
          await publisher.check({ path });
          publisher.udp.use(path);
          await flow.goesOn();
        }
      }),
  });
}
