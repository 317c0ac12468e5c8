import { BrokerBus } from "../src/bus/broker_bus.ts";
import { NodeNames } from "../src/bus/node_names.ts";
import { openBroker } from "../src/bus/open_broker.ts";
import { systemClock } from "../src/io/clock.ts";
import { DirectPath } from "../src/io/direct_path.ts";
import { chooseCiphers } from "../src/io/native/choose_ciphers.ts";
import { openNativeSockets } from "../src/io/native/sockets.ts";
import { portableCiphers } from "../src/io/portable/cipher.ts";
import { PortableSockets } from "../src/io/portable/sockets.ts";
import { cryptoRandom } from "../src/io/random.ts";
import type { Sockets } from "../src/io/sockets.ts";
import type { MediaBus } from "../src/media/media_bus.ts";
import { changeWant, newWant } from "../src/media/relay_frames.ts";
import type { NodeIntroduction, NodeSetup } from "./node_orders.ts";

export const ROOM = "room";
/** The other node's alias. */
export const OTHER = 1;
/** The track whose packets cross. */
export const RELAY = 1;

const LOOPBACK = "127.0.0.1";
const LOOK_MS = 10;
/** For a subscription to be there. */
const SUBSCRIBED_MS = 500;
const NO_BODY = new Uint8Array(0);

/** One node of two, by whichever way. */
export interface BenchNode {
  readonly bus: MediaBus;
  readonly introduction: NodeIntroduction;
  /** Resolves once media can go both ways. */
  meet(other: NodeIntroduction): Promise<void>;
  /** What is queued leaves. */
  flush(): void;
}

export async function openNode(setup: NodeSetup): Promise<BenchNode> {
  const names = new NodeNames(setup.name, systemClock.now());
  names.aliasOf(setup.other, systemClock.now());
  if (setup.brokerUrl !== undefined) return await openByBroker(names, setup.brokerUrl);
  return openDirect(names, setup.other, setup.way === "direct");
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function openDirect(names: NodeNames, other: string, isNative: boolean): BenchNode {
  const sockets = isNative ? nativeSockets() : new PortableSockets();
  const path = new DirectPath({
    names,
    sockets,
    ciphers: isNative ? chooseCiphers(portableCiphers).ciphers : portableCiphers,
    clock: systemClock,
    random: cryptoRandom,
    hostname: LOOPBACK,
    port: 0,
    addresses: () => [LOOPBACK],
    now: () => systemClock.now(),
    received: () => sockets.flush(),
  });
  return {
    bus: path.bus,
    introduction: { announcement: path.announcement },
    async meet({ announcement = "" }) {
      path.handleAnnouncement(other, announcement);
      while (!path.isUp(other)) await pause(LOOK_MS);
    },
    flush() {
      path.bus.flush();
      sockets.flush();
    },
  };
}

function nativeSockets(): Sockets {
  const opened = openNativeSockets({ random: cryptoRandom });
  if (!opened.ok) throw new Error(opened.reason);
  return opened.sockets;
}

async function openByBroker(names: NodeNames, url: string): Promise<BenchNode> {
  const broker = await openBroker(new URL(url), { timers: systemClock, random: cryptoRandom });
  if (!broker.isConnected) throw new Error(`${url} is not there`);
  const bus = new BrokerBus({ broker, names, prefix: "bench", random: cryptoRandom, now: () => systemClock.now() });
  return {
    bus,
    introduction: {},
    async meet() {
      const want = newWant(RELAY, ROOM, "track") ?? NO_BODY;
      changeWant(want, 1, false);
      bus.send(ROOM, 1 << OTHER, want, want.length, NO_BODY, 0, 0);
      bus.flush();
      await pause(SUBSCRIBED_MS);
    },
    flush: () => bus.flush(),
  };
}
