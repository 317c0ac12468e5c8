import type { RandomSource } from "../../../src/sfu/random.ts";
import { seededRandom } from "../seeded_random.ts";
import { Link, type LinkOptions } from "./link.ts";
import { MediaFlow, type MediaFlowOptions } from "./media_flow.ts";
import { Simulation } from "./simulation.ts";
import { ShortTcpFlows, TcpFlow, type TcpFlowOptions } from "./tcp_flow.ts";

/** RFC 8868 section 3.1 wants rates of at most this much time. */
export const SAMPLE_MS = 200;

/** A flow in one interval; rates in bits per second. */
export interface FlowSample {
  readonly estimate: number;
  readonly sent: number;
  readonly received: number;
  /** Mean one-way delay of what arrived; 0 where nothing did. */
  readonly delayMs: number;
  readonly limitedBy: string;
  readonly isActive: boolean;
  /** Of the link that it goes over. */
  readonly capacity: number;
  readonly queueMs: number;
}

/** One interval that ends at `ms` after the start. */
export interface Sample {
  readonly ms: number;
  readonly capacity: number;
  readonly queueMs: number;
  readonly flows: readonly FlowSample[];
  /** Of all TCP flows. */
  readonly tcp: number;
}

interface Totals {
  sentBytes: number;
  receivedBytes: number;
  receivedPackets: number;
  delaySum: number;
}

/** Flows through one bottleneck, in simulated time, that leave a sample of each interval. */
export class Experiment {
  readonly simulation = new Simulation();
  readonly random: RandomSource;
  readonly link: Link;
  readonly flows: MediaFlow[] = [];
  readonly tcp: { receivedBytes: number }[] = [];
  readonly samples: Sample[] = [];
  readonly #startMs: number;
  readonly #before = new Map<MediaFlow, Totals>();
  #tcpBefore = 0;

  constructor(link: LinkOptions, seed = 1) {
    this.random = seededRandom(seed);
    this.#startMs = this.simulation.nowMs;
    this.link = new Link(this.simulation, this.random, link);
    this.simulation.every(SAMPLE_MS, () => this.#sample());
  }

  /** Since the start. */
  get ms(): number {
    return this.simulation.nowMs - this.#startMs;
  }

  /** From 0 to 1. */
  chance(): number {
    return this.random.uint32() / 2 ** 32;
  }

  addLink(options: LinkOptions): Link {
    return new Link(this.simulation, this.random, options);
  }

  addMedia(options: MediaFlowOptions = {}, link = this.link): MediaFlow {
    const flow = new MediaFlow(this.simulation, this.random, link, options);
    this.flows.push(flow);
    return flow;
  }

  addTcp(options: TcpFlowOptions = {}): TcpFlow {
    const flow = new TcpFlow(this.simulation, this.link, options);
    this.tcp.push(flow);
    return flow;
  }

  addShortTcp(flows: number): void {
    for (let index = 0; index < flows; index++) {
      this.tcp.push(new ShortTcpFlows(this.simulation, () => this.chance(), this.link));
    }
  }

  /** Something happens at a time after the start. */
  at(seconds: number, happen: () => void): void {
    this.simulation.at(this.#startMs + 1000 * seconds, happen);
  }

  /** A link's capacity from a time on: `[seconds, Mbit/s]`. */
  steps(steps: readonly (readonly [number, number])[], link = this.link): void {
    for (const [seconds, megabits] of steps) this.at(seconds, () => link.setCapacity(1e6 * megabits));
  }

  /** Goes on up to a time after the start. */
  runTo(seconds: number): this {
    this.simulation.run(this.#startMs + 1000 * seconds - this.simulation.nowMs);
    return this;
  }

  /** The samples between two times after the start. */
  between(fromSeconds: number, toSeconds: number): readonly Sample[] {
    return this.samples.filter(({ ms }) => ms > 1000 * fromSeconds && ms <= 1000 * toSeconds);
  }

  #sample(): void {
    const tcpBytes = this.tcp.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0);
    this.samples.push({
      ms: this.ms,
      capacity: this.link.bitsPerSecond,
      queueMs: this.link.queueMs,
      flows: this.flows.map((flow) => this.#sampleFlow(flow)),
      tcp: perSecond(tcpBytes - this.#tcpBefore),
    });
    this.#tcpBefore = tcpBytes;
  }

  #sampleFlow(flow: MediaFlow): FlowSample {
    const { sentBytes, receivedBytes, receivedPackets, delaySum } = flow;
    const before = this.#before.get(flow) ?? { sentBytes: 0, receivedBytes: 0, receivedPackets: 0, delaySum: 0 };
    this.#before.set(flow, { sentBytes, receivedBytes, receivedPackets, delaySum });
    const packets = receivedPackets - before.receivedPackets;
    return {
      estimate: flow.estimator.bitsPerSecond,
      sent: perSecond(sentBytes - before.sentBytes),
      received: perSecond(receivedBytes - before.receivedBytes),
      delayMs: packets === 0 ? 0 : (delaySum - before.delaySum) / packets,
      limitedBy: flow.estimator.limitedBy,
      isActive: flow.isActive,
      capacity: flow.link.bitsPerSecond,
      queueMs: flow.link.queueMs,
    };
  }
}

function perSecond(bytes: number): number {
  return 8 * bytes / (SAMPLE_MS / 1000);
}

/** The mean of a figure of samples. */
export function mean(samples: readonly Sample[], figure: (sample: Sample) => number): number {
  return samples.reduce((sum, sample) => sum + figure(sample), 0) / samples.length;
}
