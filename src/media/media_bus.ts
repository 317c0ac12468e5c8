import type { RoomId } from "../sfu/types.ts";

/** The number of an isolate among those that share rooms: 0 to MAX_NODES - 1. */
export type NodeId = number;

/** A set of nodes is a number with one bit for each. */
export const MAX_NODES = 31;
/** Bytes of a frame at most: an RTP packet as large as a datagram can be here, and what stands before it. */
export const MAX_FRAME_LENGTH = 2048 + 32;
/** Frames that are handed over before `endBatch`. */
export const MAX_FRAME_BATCH = 64;

/** What went over a bus and came by it, and what did not: never goes back. */
export class BusCounters {
  /** Frames that were taken for other nodes, the messages that they went in, and their bytes without what the bus adds. */
  framesSent = 0;
  messagesSent = 0;
  bytesSent = 0;
  framesReceived = 0;
  messagesReceived = 0;
  bytesReceived = 0;
  /** Frames that could not be sent. */
  dropped = 0;
  /** Frames that others sent here and that did not come: told by their numbers. */
  lost = 0;
}

/** Takes what comes by a bus. */
export interface BusReceiver {
  /** One frame of `from`: `bytes[0, length)`, which may be changed and stay until the end of the batch. */
  handleFrame(from: NodeId, bytes: Uint8Array, length: number, nowMs: number): void;
  /** So many frames of `from` did not come, of whichever tracks. */
  handleLoss(from: NodeId, count: number, nowMs: number): void;
  /** The way to the node that was taken does not work any more: from now on what is sent takes another one. */
  handleWayLost?(node: NodeId, nowMs: number): void;
  /** What was handed over is all that there is for now, or MAX_FRAME_BATCH. */
  endBatch(nowMs: number): void;
}

/**
 * Carries frames between the isolates that share rooms. Those of one node to another one arrive in order, or not at all:
 * nobody waits for who is slow. Nothing here blocks, throws or awaits, and nothing is allocated for a frame where the
 * driver can do without.
 */
export interface MediaBus {
  readonly node: NodeId;
  readonly counters: BusCounters;
  /** What comes goes to `receiver`, from now on. */
  deliverTo(receiver: BusReceiver): void;
  /** Frames of the room are wanted here; a driver that carries all of them anyway does nothing. */
  join(roomId: RoomId): void;
  leave(roomId: RoomId): void;
  /**
   * Queues a frame of a room that was joined, for the nodes in the set `to`: `head[0, headLength)`, and behind it
   * `body[bodyOffset, bodyOffset + bodyLength)`, together at most MAX_FRAME_LENGTH. Both are copied. What lies behind the
   * body in its array may be read, and goes nowhere. False where the frame could not be taken, which is counted.
   */
  send(
    roomId: RoomId,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean;
  /** What is queued leaves: once for each batch that was received. */
  flush(): void;
  close(): void;
}
