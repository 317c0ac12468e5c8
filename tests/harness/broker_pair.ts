import assert from "node:assert/strict";
import type { Broker, BrokerOptions, BrokerTimers } from "../../src/bus/broker.ts";
import { openBroker } from "../../src/bus/open_broker.ts";
import { systemClock } from "../../src/io/clock.ts";
import { cryptoRandom } from "../../src/io/random.ts";
import {
  BROKER_KINDS,
  type BrokerKind,
  brokerPermissions,
  brokerProgram,
  BrokerServer,
  type BrokerSetup,
} from "./broker_server.ts";
import { Journal } from "./journal.ts";
import { isMissing } from "./missing_program.ts";

/** What comes back is noticed within. */
export const HEALED_MS = 5000;

/** A clock on which all intervals are so many times as short. */
export function hurried(times: number): BrokerTimers {
  return { ...systemClock, setTimeout: (callback, delayMs) => systemClock.setTimeout(callback, delayMs / times) };
}

/** By the clock and the randomness of the system, where `options` have no others. */
export function openAt(url: URL, options: Partial<BrokerOptions> = {}): Promise<Broker> {
  return openBroker(url, { timers: systemClock, random: cryptoRandom, ...options });
}

/** Two nodes at one broker, of which one says something every 20 ms. */
export class BrokerPair implements AsyncDisposable {
  readonly received = new Journal<number>();
  readonly changes = new Journal<boolean>();
  readonly #brokers: readonly Broker[];
  readonly #timer: ReturnType<typeof setInterval>;
  #next = 0;

  private constructor([from, to]: readonly Broker[]) {
    this.#brokers = [from, to];
    to.onChange((isConnected) => this.changes.add(isConnected));
    to.subscribe("room.a", (message) => this.received.add(new DataView(message.slice().buffer).getUint32(0)));
    this.#timer = setInterval(() => {
      const message = new Uint8Array(4);
      new DataView(message.buffer).setUint32(0, this.#next++);
      from.publish("room.a", message);
    }, 20);
  }

  static async open(url: URL, options: Partial<BrokerOptions> = {}): Promise<BrokerPair> {
    return new BrokerPair(await Promise.all([openAt(url, options), openAt(url, options)]));
  }

  get to(): Broker {
    return this.#brokers[1];
  }

  /** Until what is said from now on has come. */
  async hears(): Promise<void> {
    const { length } = this.received.entries;
    const said = this.#next;
    await this.received.find((number) => number >= said, `${said}, after ${length}`, HEALED_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#brokers.map((broker) => broker.close()));
    for (const [i, number] of this.received.entries.entries()) {
      assert.ok(i === 0 || number > this.received.entries[i - 1], "each once, and in order");
    }
  }
}

interface ServerOptions extends BrokerSetup {
  /** Whether it is not started. */
  readonly isAway?: boolean;
}

/** A test with each kind of broker. */
export function withEachBroker(
  behaviour: string,
  check: (server: BrokerServer, kind: BrokerKind) => Promise<void>,
  { isAway = false, ...setup }: ServerOptions = {},
): void {
  for (const kind of BROKER_KINDS) {
    Deno.test({
      name: `${kind}: ${behaviour}`,
      permissions: brokerPermissions(kind),
      ignore: isMissing(brokerProgram(kind)),
      async fn() {
        await using server = await (isAway ? BrokerServer.prepare : BrokerServer.start)(kind, setup);
        await check(server, kind);
      },
    });
  }
}
