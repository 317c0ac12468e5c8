import assert from "node:assert/strict";
import { busContract } from "../../tests/harness/bus_contract.ts";
import { BusJournal, sendFrame } from "../../tests/harness/bus_journal.ts";
import { NumberedBus } from "../../tests/harness/numbered_bus.ts";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import {
  AUDIENCE,
  type Audience,
  changeWant,
  FRAME,
  newWant,
  RTP_HEAD_LENGTH,
  writeByeFrame,
  writeRtpHead,
} from "../media/relay_frames.ts";
import { BrokerBus } from "./broker_bus.ts";
import { MemoryBrokerNetwork } from "./memory_broker.ts";
import { MAX_MESSAGE_BYTES } from "./node_message.ts";
import { NodeNames } from "./node_names.ts";
import { mediaSubject, nodeSubject } from "./subjects.ts";

const PREFIX = "test";

busContract("by a broker", {
  sendsToEach: true,
  open() {
    const due: (() => void)[] = [];
    const network = new MemoryBrokerNetwork({ defer: (callback) => void due.push(callback) });
    const random = seededRandom(randomSeed());
    return {
      open(node) {
        const names = new NodeNames(`node${node}`, 0);
        // As the contract has them: 0 is the number of this node to itself, and its own number that of node 0.
        for (const other of [1, 2, 3]) names.aliasOf(`node${other === node ? 0 : other}`, 0);
        return new NumberedBus(
          new BrokerBus({ broker: network.open(), names, prefix: PREFIX, random, now: () => 0 }),
          node,
        );
      },
      settle() {
        for (let callback = due.shift(); callback !== undefined; callback = due.shift()) callback();
        return Promise.resolve();
      },
    };
  },
});

const ROOM = "room";
const RELAY = 0xffff_fff0;
const NO_BYTES = new Uint8Array(0);

interface Site {
  readonly bus: BrokerBus;
  readonly names: NodeNames;
  readonly journal: BusJournal;
}

interface Scene {
  readonly network: MemoryBrokerNetwork;
  readonly clock: { nowMs: number };
  readonly sites: readonly Site[];
  settle(): void;
}

/** Nodes `node0` on, each of which has heard of all others in this order: to the first one the second is 1. */
function open(count: number): Scene {
  const due: (() => void)[] = [];
  const network = new MemoryBrokerNetwork({ defer: (callback) => void due.push(callback) });
  const clock = { nowMs: 0 };
  const random = seededRandom(1);
  const sites = Array.from({ length: count }, (_, node): Site => {
    const names = new NodeNames(`node${node}`, 0);
    for (let other = 0; other < count; other++) if (other !== node) names.aliasOf(`node${other}`, 0);
    const bus = new BrokerBus({ broker: network.open(), names, prefix: PREFIX, random, now: () => clock.nowMs });
    const journal = new BusJournal();
    bus.deliverTo(journal);
    return { bus, names, journal };
  });
  return {
    network,
    clock,
    sites,
    settle() {
      for (const { bus } of sites) bus.flush();
      for (let callback = due.shift(); callback !== undefined; callback = due.shift()) callback();
    },
  };
}

/** Says to node 0, of which this one is not, that it wants encodings of a track. */
function sendWant({ bus, names }: Site, set: number, isPinned = false): void {
  const want = newWant(RELAY, ROOM, "track");
  assert.ok(want !== undefined);
  changeWant(want, set, isPinned);
  bus.send(ROOM, 1 << (names.aliasOf("node0", 0) ?? 0), want, want.length, NO_BYTES, 0, 0);
}

/** Has node 0 told so another way. */
function sayElsewhere({ bus, names }: Site, set: number): void {
  const want = newWant(RELAY, ROOM, "track");
  assert.ok(want !== undefined);
  changeWant(want, set, false);
  bus.passOver(1 << (names.aliasOf("node0", 0) ?? 0), want, want.length);
}

/** Sends a packet of a track to all nodes of a set. */
function sendPacket({ bus }: Site, to: number, encoding: number, audience: Audience, number: number): boolean {
  const head = new Uint8Array(RTP_HEAD_LENGTH);
  writeRtpHead(head, RELAY, encoding, 0, audience);
  return bus.send(ROOM, to, head, head.length, Uint8Array.of(number), 0, 1);
}

/** The numbers of packets that came. */
function packetsAt({ journal }: Site): number[] {
  return journal.frames.filter(({ bytes }) => bytes[0] === FRAME.rtp).map(({ bytes }) => bytes[RTP_HEAD_LENGTH]);
}

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const { others, pinned, single } = AUDIENCE;

test("B439: a packet goes to the broker once for all nodes that want its encoding, and to no others", () => {
  const { sites, settle } = open(5);
  const [a, b, c, d, e] = sites;
  sendWant(b, 0b001);
  sendWant(c, 0b011);
  sendWant(d, 0b001, true);
  settle();
  assert.deepEqual([b, c, d, e].map(({ bus }) => bus.counters.framesReceived), [0, 0, 0, 0]);
  assert.deepEqual(a.journal.frames.map(({ from }) => from), [1, 2, 3]);
  const messagesBefore = a.bus.counters.messagesSent;
  sendPacket(a, 0b00110, 0, others, 1);
  sendPacket(a, 0b00100, 1, others, 2);
  sendPacket(a, 0b01000, 0, pinned, 3);
  sendPacket(a, 0b00100, 2, others, 4);
  sendPacket(a, 0b00110, 0, others, 5);
  settle();
  assert.deepEqual(sites.map(packetsAt), [[], [1, 5], [1, 5, 2], [3], []]);
  assert.equal(a.bus.counters.messagesSent - messagesBefore, 4, "one for each stream");
  // Packets that one of them has missed are for that one.
  sendPacket(a, 0b00100, 0, single, 6);
  settle();
  assert.deepEqual(sites.map(packetsAt), [[], [1, 5], [1, 5, 2, 6], [3], []]);
});

test("B439: a node is subscribed to an encoding from before it says that it wants it until it says that it does not", () => {
  const { sites, settle } = open(2);
  const [a, b] = sites;
  const sendAll = (number: number) => {
    for (const encoding of [0, 1]) sendPacket(a, 0b10, encoding, others, number + encoding);
    sendPacket(a, 0b10, 0, pinned, number + 2);
    settle();
  };
  sendAll(1);
  sendWant(b, 0b01);
  sendWant(b, 0b01);
  sendAll(10);
  sendWant(b, 0b10);
  sendAll(20);
  sendWant(b, 0b01, true);
  sendAll(30);
  sendWant(b, 0);
  sendAll(40);
  assert.deepEqual(packetsAt(b), [10, 21, 32]);
  assert.equal(b.bus.counters.lost, 0);
});

test("B439: what is told of a stream behind its packets comes behind them", () => {
  const { sites, settle } = open(2);
  const [a, b] = sites;
  sendWant(b, 1);
  settle();
  for (let i = 0; i < 20; i++) sendPacket(a, 0b10, 0, others, i);
  const bye = new Uint8Array(32);
  a.bus.send(ROOM, 0b10, bye, writeByeFrame(bye, RELAY, 0, 1), NO_BYTES, 0, 0);
  settle();
  assert.deepEqual(b.journal.frames.map(({ bytes }) => bytes[0]), [...new Array(20).fill(FRAME.rtp), FRAME.bye]);
});

test("B439: a message has 12 kB of frames at most", () => {
  const { network, sites: [a, b], settle } = open(2);
  const lengths: number[] = [];
  network.open().subscribe(nodeSubject(PREFIX, "node1"), (message) => lengths.push(message.length));
  for (let i = 0; i < 21; i++) sendFrame(a.bus, ROOM, 0b10, new Uint8Array(1200));
  settle();
  assert.equal(b.journal.frames.length, 21);
  assert.equal(lengths.length, 3);
  assert.ok(lengths.every((length) => length < MAX_MESSAGE_BYTES + 100), `${lengths}`);
});

test("B440: messages that do not come are told by their frames, exactly, before what comes next; of each subject", () => {
  const { network, sites: [a, b], settle } = open(2);
  sendWant(b, 1);
  settle();
  const subjects = [nodeSubject(PREFIX, "node1"), mediaSubject(PREFIX, "node0", RELAY, "0")];
  for (const subject of subjects) {
    const messages: Uint8Array[] = [];
    const listening = network.open().subscribe(subject, (message) => messages.push(message.slice()));
    const told: string[] = [];
    for (let message = 0; message < 10; message++) {
      for (let i = 0; i <= message; i++) sendPacket(a, 0b10, 0, subject === subjects[0] ? single : others, message);
      settle();
    }
    listening.close();
    const second = new BrokerBus({
      broker: network.open(),
      names: b.names,
      prefix: PREFIX,
      random: seededRandom(2),
      now: () => 0,
    });
    b.bus.close();
    sendWant({ ...b, bus: second }, 1);
    second.deliverTo({
      handleFrame: (from, bytes) => told.push(`${bytes[RTP_HEAD_LENGTH]} of ${from}`),
      handleLoss: (from, count) => told.push(`${count} of ${from} lost`),
      endBatch: () => told.push("end"),
    });
    const stranger = network.open();
    for (const message of [1, 4, 4, 2, 5]) stranger.publish(subject, messages[message]);
    settle();
    const frames = (message: number) => [...new Array(message + 1).fill(`${message} of 1`), "end"];
    assert.deepEqual(told, [...frames(1), "7 of 1 lost", ...frames(4), ...frames(5)]);
    assert.equal(second.counters.lost, 7);
    second.close();
  }
});

test("B440: what was refused is counted by its sender alone; what is sent once the broker is back comes", () => {
  const { network, sites: [a, b], settle } = open(2);
  sendWant(b, 1);
  sendPacket(a, 0b10, 0, others, 1);
  settle();
  sendPacket(a, 0b10, 0, others, 2);
  network.takeAway();
  settle();
  assert.equal(sendPacket(a, 0b10, 0, others, 3), false);
  assert.deepEqual([a.bus.counters.dropped, a.bus.counters.framesSent], [2, 2]);
  // What is wanted while it is away is subscribed to when it is back.
  sendWant(b, 0b11);
  network.bringBack();
  sendPacket(a, 0b10, 1, others, 4);
  sendPacket(a, 0b10, 0, others, 5);
  settle();
  assert.deepEqual([packetsAt(b), b.bus.counters.lost], [[1, 4, 5], 0]);
});

test("B440: whatever strangers publish, nothing comes of it, and what is sent next comes", () => {
  const seed = randomSeed();
  const random = seededRandom(seed);
  const { network, sites: [a, b], settle } = open(2);
  const subject = nodeSubject(PREFIX, "node1");
  const messages: Uint8Array[] = [];
  network.open().subscribe(subject, (message) => messages.push(message.slice()));
  for (let i = 0; i < 5; i++) sendFrame(a.bus, ROOM, 0b10, new Uint8Array(random.uint32() % 50));
  settle();
  const [message] = messages;
  const before = { ...b.bus.counters };
  const stranger = network.open();
  for (let length = 0; length < message.length; length++) stranger.publish(subject, message.subarray(0, length));
  stranger.publish(subject, Uint8Array.of(...message, 0));
  for (let i = 0; i < 300; i++) {
    stranger.publish(subject, Uint8Array.from({ length: random.uint32() % 300 }, () => random.uint32()));
  }
  settle();
  assert.deepEqual({ ...b.bus.counters }, before, `seed ${seed}`);
  sendFrame(a.bus, ROOM, 0b10, "next");
  settle();
  assert.deepEqual([b.journal.textsOf(1).at(-1), b.bus.counters.lost, b.names.size], ["next", 0, 1], `seed ${seed}`);
});

test("B454: what a node says it wants another way comes here for a second more, and where that way is lost it comes again", () => {
  const { sites: [a, b], settle } = open(2);
  let number = 0;
  const comesAt = (nowMs: number) => {
    b.bus.handleTimeout(nowMs);
    sayElsewhere(b, 1);
    sendPacket(a, 0b10, 0, others, ++number);
    settle();
    return packetsAt(b).at(-1) === number;
  };
  sendWant(b, 1);
  settle();
  assert.deepEqual([5000, 5500, 6000, 6500].map(comesAt), [true, true, false, false]);
  sendWant(b, 1);
  settle();
  assert.deepEqual([7000, 7500, 8000].map(comesAt), [true, true, false]);
  sendWant(b, 1);
  settle();
  assert.equal(comesAt(9000), true);
  sayElsewhere(b, 0);
  assert.equal(b.bus.size, 1, "its subject for node 0 alone");
});

test("B441: of a node that is forgotten, of tracks that are wanted no more and of what goes nowhere nothing is kept", () => {
  const { clock, sites: [a, b], settle } = open(2);
  sendWant(b, 0b111);
  for (const encoding of [0, 1, 2]) sendPacket(a, 0b10, encoding, others, encoding);
  settle();
  assert.deepEqual([a.bus.size, b.bus.size], [3, 4]);
  sendWant(b, 0b001);
  assert.equal(b.bus.size, 2);
  for (let i = 0; i <= 20; i++) {
    clock.nowMs += 1000;
    sendPacket(a, 0b10, 0, others, i);
    settle();
    for (const { bus, names } of [a, b]) {
      bus.handleTimeout(clock.nowMs);
      names.handleTimeout(clock.nowMs);
    }
  }
  assert.deepEqual([a.bus.size, b.bus.size, b.names.size], [1, 0, 0], "nothing was heard of it but media");
  assert.equal(packetsAt(b).length, 3 + 10);
  for (let i = 0; i <= 20; i++) a.bus.handleTimeout(clock.nowMs += 1000);
  assert.equal(a.bus.size, 0);
});
