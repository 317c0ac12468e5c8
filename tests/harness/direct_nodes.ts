import assert from "node:assert/strict";
import { DIRECT_TICK_MS, DirectBus, type DirectBusOptions } from "../../src/bus/direct_bus.ts";
import { NodeKeyPair } from "../../src/bus/direct_keys.ts";
import { portableCiphers } from "../../src/io/portable/cipher.ts";
import type { NodeId } from "../../src/media/media_bus.ts";
import { readUint32, writeUint32 } from "../../src/rtp/bytes.ts";
import { BusJournal } from "./bus_journal.ts";
import { DatagramNetwork } from "./datagram_network.ts";
import { randomSeed } from "./random_seed.ts";
import { seededRandom } from "./seeded_random.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A node of DirectNodes; others reach it at its name. */
export interface TestNode {
  readonly alias: NodeId;
  readonly name: string;
  readonly keyPair: NodeKeyPair;
  readonly bus: DirectBus;
  readonly journal: BusJournal;
}

/** Nodes that reach each other directly, by a network in memory and a clock that stands still. All know all by one alias. */
export class DirectNodes {
  readonly network = new DatagramNetwork();
  readonly clock = new VirtualClock();
  readonly seed = randomSeed();
  readonly random = seededRandom(this.seed);
  /** By alias. */
  readonly nodes: TestNode[] = [];
  #names = 0;

  /** Adds a node, in place of the one with this alias, and makes it known to all others. */
  open(alias: NodeId, options: Partial<DirectBusOptions> = {}): TestNode {
    const node = this.start(alias, options);
    for (const other of this.nodes) if (other !== undefined && other !== node) this.introduce(node, other);
    this.network.deliver();
    return node;
  }

  /** Adds a node that nobody knows. */
  start(alias: NodeId, options: Partial<DirectBusOptions> = {}): TestNode {
    const name = `node-${alias}-${this.#names++}`;
    const journal = new BusJournal();
    const socket = this.network.open(name, {
      handleDatagram: (bytes, length) => bus.handleDatagram(bytes, length),
      endBatch: () => bus.endBatch(),
    });
    const bus: DirectBus = new DirectBus({
      node: alias,
      socket,
      ciphers: portableCiphers,
      random: this.random,
      now: () => this.clock.now(),
      ...options,
    });
    bus.deliverTo(journal);
    const node = { alias, name, keyPair: new NodeKeyPair(), bus, journal };
    this.nodes[alias] = node;
    return node;
  }

  /** Both learn of each other. */
  introduce(a: TestNode, b: TestNode): void {
    this.tell(a, b);
    this.tell(b, a);
  }

  /** `learner` learns of `other`. */
  tell(learner: TestNode, other: TestNode, addresses: readonly string[] = [other.name]): void {
    const keys = learner.keyPair.agree(learner.name, { name: other.name, publicKey: other.keyPair.publicKey });
    if (keys === undefined) throw new Error("the key is none");
    learner.bus.openPeer(other.alias, {
      name: other.name,
      keys,
      addresses: addresses.map((hostname) => ({ hostname, port: 1 })),
    });
  }

  /** Time goes by, and all that is sent arrives. */
  advance(ms: number): void {
    for (let left = ms; left > 0; left -= DIRECT_TICK_MS) {
      this.clock.advance(Math.min(left, DIRECT_TICK_MS));
      for (const { bus } of this.nodes) bus.handleTimeout(this.clock.now());
      this.network.deliver();
    }
  }
}

/** Nodes 0 and 1, which are up, and what they have sent until now is out of sight. */
export function directPair(options: { readonly payload?: number } = {}) {
  const nodes = new DirectNodes();
  const [a, b] = [nodes.open(0, options), nodes.open(1, options)];
  nodes.network.sent.length = 0;
  return { nodes, network: nodes.network, a, b };
}

/** A frame that says its number and can be checked. */
export function numbered(number: number, length: number): Uint8Array {
  const frame = new Uint8Array(length).fill(number);
  writeUint32(frame, 0, number);
  return frame;
}

export function numbersOf({ journal }: TestNode): number[] {
  return journal.frames.map(({ bytes }) => {
    const number = readUint32(bytes, 0);
    assert.deepEqual(bytes, numbered(number, bytes.length), "a frame is whole");
    return number;
  });
}

export function lostOf({ journal }: TestNode): number {
  return [...journal.lost.values()].reduce((sum, count) => sum + count, 0);
}
