/** What the processes of the scenario `nodes` are told, and what they answer: a line of JSON each. */
import type { Order } from "./crossing_orders.ts";

/** How media crosses from one to the other. */
export type Way = "direct" | "direct-portable" | "nats" | "redis";

/** Argument of the process. */
export interface NodeSetup {
  readonly way: Way;
  readonly name: string;
  /** Of the other process. */
  readonly other: string;
  /** Where media goes by a broker. */
  readonly brokerUrl?: string;
}

/** The first line that it writes. */
export interface NodeIntroduction {
  /** Of the direct path. */
  readonly announcement?: string;
}

export type NodeQuestion =
  /** Hear of the other node, and answer once each can send to the other. */
  | { readonly type: "meet"; readonly other: NodeIntroduction }
  /** Send, and answer with how many packets that were. */
  | { readonly type: "send"; readonly order: Order }
  /** Answer with what has come since the last such question. */
  | { readonly type: "report" };

export interface NodeReport {
  readonly received: number;
  /** As the bus tells it. */
  readonly lost: number;
  /** From the sender's hands to the receiver's. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}
