import type { RoomEvent } from "../signaling/room_events.ts";

/** What each event of a room is called where it is told by a webhook. */
export const WEBHOOK_TYPES = {
  roomStarted: "room.started",
  roomEnded: "room.ended",
  peerJoined: "peer.joined",
  peerConnected: "peer.connected",
  peerLeft: "peer.left",
  trackPublished: "track.published",
  trackUnpublished: "track.unpublished",
  trackMuted: "track.muted",
} as const satisfies Readonly<Record<RoomEvent["type"], string>>;

export type WebhookType = (typeof WEBHOOK_TYPES)[RoomEvent["type"]];

/** Of a union, each member without its type. */
type Untyped<E> = E extends unknown ? Omit<E, "type"> : never;

/** What tells one event from all others. */
export interface Stamp {
  /** The same wherever it is told, and however often. It has no full stop, which the signature has between its parts. */
  readonly id: string;
  /** When it happened: ISO 8601, in UTC, with milliseconds. */
  readonly timestamp: string;
  /** Which run of which server tells it. */
  readonly server: string;
}

/** One event as it is told, but for what was lost before it. */
export interface WebhookEvent extends Stamp {
  readonly type: WebhookType;
  readonly data: Untyped<RoomEvent>;
}

export function webhookEvent({ type, ...data }: RoomEvent, { id, timestamp, server }: Stamp): WebhookEvent {
  return { id, type: WEBHOOK_TYPES[type], timestamp, server, data };
}
