import type { ProcessLook } from "./observed_process.ts";
import type { JoinReply, MeasureReply, Percentiles } from "./replies.ts";

/** A load that uses so much of a core may itself be what is slow. */
const MAX_LOAD_SHARE = 0.9;

/** What joins came to. */
export interface Joined {
  readonly joined: number;
  readonly failed: number;
  /** Why the first of the failed did. */
  readonly problem?: string;
  /** From the offer to the first packet of each track; of a publisher, to the end of its handshake. */
  readonly ms: Percentiles;
}

/** What one step of a run came to. */
export interface LoadStep {
  /** Who is there, in all rooms. */
  readonly publishers: number;
  readonly subscribers: number;
  /** Of the subscribers that came with this step. */
  readonly joins: Joined;
  /** That were measured. */
  readonly seconds: number;
  /** Packets a second: what all publishers sent, and what all subscribers received, each packet once. */
  readonly sentPerSecond: number;
  readonly receivedPerSecond: number;
  /** Packets that did not come within half a second, in spite of NACK, and their share of those that should have, in percent. */
  readonly lost: number;
  readonly lostPercent: number;
  /** Packets that came by RTX. */
  readonly repaired: number;
  /** From the publisher's send call to the kernel's receive queue, of one packet in 97; undefined where there was none. */
  readonly latencyMs?: Percentiles;
  /** Packets that were decrypted and compared with what was sent, and those that were not the same. */
  readonly checked: number;
  readonly damaged: number;
  /** Tracks of subscribers on which nothing came, or nothing any more. */
  readonly silent: number;
  /** Where --pid names the server's process. */
  readonly server?: {
    /** Of one core. */
    readonly cpuPercent: number;
    /** CPU time for each packet that subscribers received. */
    readonly packetMicroseconds: number;
    readonly residentBytes: number;
  };
  readonly load: {
    readonly cpuPercent: number;
    /** CPU time of the load for each packet that its subscribers received, what it sends and all else included. */
    readonly packetMicroseconds: number;
    /** Frames that publishers left out because the load was late. */
    readonly skippedFrames: number;
    /** Whether the load may be what limits the figures. */
    readonly isLimit: boolean;
  };
}

/** Two looks at the server's process, so many microseconds apart. */
export interface Observation {
  readonly before: ProcessLook;
  readonly after: ProcessLook;
  readonly elapsedUs: number;
}

export interface StepFigures {
  readonly publishers: number;
  readonly subscribers: number;
  readonly joins: JoinReply;
  readonly measured: MeasureReply;
  readonly server: Observation | undefined;
}

export function stepOf({ publishers, subscribers, joins, measured, server }: StepFigures): LoadStep {
  const { seconds, published, received, lost, loadCpuMicroseconds, skippedFrames } = measured;
  const loadShare = loadCpuMicroseconds / 1e6 / seconds;
  return {
    publishers,
    subscribers,
    joins: joinedOf(joins),
    seconds,
    sentPerSecond: published / seconds,
    receivedPerSecond: received / seconds,
    lost,
    lostPercent: lost === 0 ? 0 : 100 * lost / (lost + received),
    repaired: measured.recovered,
    ...(measured.latencyMs.max > 0 && { latencyMs: measured.latencyMs }),
    checked: measured.checked,
    damaged: measured.bad,
    silent: measured.silent,
    ...(server !== undefined && { server: serverFigures(server, received / seconds) }),
    load: {
      cpuPercent: 100 * loadShare,
      packetMicroseconds: perPacket(1e6 * loadShare, received / seconds),
      skippedFrames,
      isLimit: loadShare > MAX_LOAD_SHARE || skippedFrames > 0,
    },
  };
}

export function joinedOf({ joined, failed, problem, joinMs }: JoinReply): Joined {
  return { joined, failed, ...(problem !== undefined && { problem }), ms: joinMs };
}

/** The looks and the window differ by some milliseconds: both are taken as rates. */
function serverFigures({ before, after, elapsedUs }: Observation, packetsPerSecond: number): LoadStep["server"] {
  const share = (after.cpuMicroseconds - before.cpuMicroseconds) / elapsedUs;
  return {
    cpuPercent: 100 * share,
    packetMicroseconds: perPacket(1e6 * share, packetsPerSecond),
    residentBytes: after.residentBytes,
  };
}

/** Microseconds for each packet, 0 where there are none. */
function perPacket(microsecondsPerSecond: number, packetsPerSecond: number): number {
  return packetsPerSecond === 0 ? 0 : microsecondsPerSecond / packetsPerSecond;
}
