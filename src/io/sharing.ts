import { AwaitedBroker } from "../bus/awaited_broker.ts";
import { BroadcastBus } from "../bus/broadcast_bus.ts";
import { BroadcastRooms } from "../bus/broadcast_rooms.ts";
import type { Broker, BrokerOptions } from "../bus/broker.ts";
import { brokerTarget } from "../bus/broker_target.ts";
import { openBroker } from "../bus/open_broker.ts";
import { isPrefix } from "../bus/subjects.ts";
import { MAX_NODES } from "../media/media_bus.ts";
import type { RoomBus } from "../signaling/room_bus.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { systemClock } from "./clock.ts";
import { ClusterNode, type DirectPlace } from "./cluster_node.ts";
import type { LocalBus } from "./local_media.ts";
import { cryptoRandom } from "./random.ts";

/** Characters of a region's name at most. */
export const MAX_REGION = 64;

/** Which isolates share rooms. */
export interface SharedRoomsOptions {
  /** This isolate's number among them, which no other one has: 0 to 30. */
  readonly node: number;
  /** Isolates with the same name share rooms. Default: `switchboard`. */
  readonly name?: string;
}

/** How media goes from server to server. */
export const BUS_MEDIA = ["auto", "direct", "broker"] as const;
export type BusMedia = (typeof BUS_MEDIA)[number];

/** The broker by which servers share rooms. */
export type BusOptions =
  & {
    /** Begins the broker's subjects, as in `calls.eu`: servers with the same share rooms. Default: `switchboard`. */
    readonly prefix?: string;
    /**
     * How media goes to other servers: `direct`, by UDP from one to the other, and by the broker where that does not get
     * through; `broker`: by the broker alone; `auto`: `direct` with the native backend, `broker` with the portable one, to
     * which each datagram costs more than a packet by the broker. Default: `auto`.
     */
    readonly media?: BusMedia;
    /** The UDP port of `direct`, 0 for any, on the address that media is on. Default: 0. */
    readonly port?: number;
    /** Where this server is, for those who watch the others: 64 characters at most. */
    readonly region?: string;
  }
  & (
    | Pick<BrokerOptions, "username" | "password" | "token" | "caCertificate"> & {
      /** nats:, tls:, redis: or rediss:, which may have credentials in it. */
      readonly url: string | URL;
    }
    | {
      /** Of another kind, or opened already; it is closed with the server. */
      readonly broker: Broker;
    }
  );

export interface SharingOptions {
  readonly sharedRooms?: SharedRoomsOptions | undefined;
  readonly bus?: BusOptions | undefined;
  /** As they were asked for. */
  readonly workers?: number | "auto" | undefined;
  /** Where other servers may send to. */
  readonly place: Omit<DirectPlace, "port">;
}

/** What reaches the others that have the same rooms. */
export interface Sharing {
  readonly rooms: RoomBus;
  readonly media: LocalBus;
  /** Left out where they are isolates of this process. */
  readonly cluster?: ClusterNode;
}

/** Undefined where rooms are this isolate's own. Throws a TypeError where what was asked for cannot be. */
export function openSharing({ sharedRooms, bus, workers, place }: SharingOptions): Sharing | undefined {
  if (sharedRooms !== undefined && bus !== undefined) {
    throw new TypeError("sharedRooms and bus are two ways to share rooms: give one of them");
  }
  if (sharedRooms !== undefined) return openIsolates(sharedRooms, workers);
  if (bus === undefined) return undefined;
  checkWorkers("bus", workers);
  return openCluster(bus, place);
}

function openIsolates({ node, name = "switchboard" }: SharedRoomsOptions, workers: SharingOptions["workers"]): Sharing {
  checkWorkers("sharedRooms", workers);
  if (!Number.isSafeInteger(node) || node < 0 || node >= MAX_NODES) {
    throw new TypeError(`sharedRooms: ${node} is no node: they are 0 to ${MAX_NODES - 1}`);
  }
  const prefix = `${name}/media/`;
  return {
    rooms: new BroadcastRooms(name, node),
    media: {
      open: (hooks) => ({
        driver: "broadcast",
        bus: new BroadcastBus({ node, prefix, random: cryptoRandom, ...hooks }),
      }),
    },
  };
}

function openCluster(options: BusOptions, place: SharingOptions["place"]): Sharing {
  const { prefix = "switchboard", region, media = "auto", port = 0 } = options;
  if (!isPrefix(prefix)) throw new TypeError(`bus: ${prefix} begins no subject: it is letters, digits, _, - and dots`);
  if (region !== undefined && (region.length === 0 || region.length > MAX_REGION)) {
    throw new TypeError(`bus: a region has a name of 1 to ${MAX_REGION} characters`);
  }
  if (!BUS_MEDIA.includes(media)) throw new TypeError(`bus: media goes by ${BUS_MEDIA.join(" or ")}, not ${media}`);
  if (!Number.isInteger(port) || port < 0 || port > 65535) throw new TypeError(`bus: ${port} is no UDP port`);
  const broker = "broker" in options ? options.broker : openAwaited(options);
  const direct = media === "broker" ? undefined : { ...place, port, onlyBatched: media === "auto" };
  const cluster = new ClusterNode({ broker, prefix, region, direct, clock: systemClock, random: cryptoRandom });
  return { rooms: cluster.rooms, media: cluster.media, cluster };
}

function checkWorkers(setting: string, workers: SharingOptions["workers"]): void {
  if (workers === undefined || workers === 0) return;
  throw new TypeError(`${setting}: who shares rooms so has no media workers`);
}

function openAwaited(options: Extract<BusOptions, { readonly url: string | URL }>): Broker {
  const url = URL.parse(`${options.url}`);
  if (url === null) throw new TypeError("bus: what is to be the broker's URL is none");
  try {
    brokerTarget(url, options);
  } catch (error) {
    throw new TypeError(`bus: ${messageOf(error)}`);
  }
  return new AwaitedBroker(openBroker(url, { ...options, timers: systemClock, random: cryptoRandom }));
}
