import type { Kind, TrackId } from "../../src/sfu/types.ts";
import type { ServerMessage } from "../../src/signaling/messages.ts";
import { MediaSource } from "./media_source.ts";
import type { Publication, Subscription, WeriftClient } from "./werift_client.ts";

/** A track on its way from one client to another. */
export interface Crossing {
  readonly source: MediaSource;
  readonly subscription: Subscription;
  /** Sends so many packets, and sees to it that all of them come. */
  flow(count: number): Promise<void>;
  /** Sends until something comes again, as what was sent for a while is lost. */
  goOn(): Promise<void>;
  /** The track was gone for the subscriber, and is there again: receives it again. */
  again(): Promise<void>;
}

/** Has one client receive a track of another one, from its first packets on, or from what `source` sends next. */
export async function cross(
  publisher: WeriftClient,
  publication: Publication,
  subscriber: WeriftClient,
  source = new MediaSource(publisher, publication),
): Promise<Crossing> {
  const { kind } = publication;
  const subscription = subscriber.subscribe(kind, await trackOf(publisher, kind, subscriber));
  await subscriber.negotiate();
  let stream = subscriber.streamOf(subscription);
  await source.begin(stream);
  return {
    source,
    subscription,
    flow: (count) => source.flow(stream, count),
    goOn: () => source.beginAgain(stream),
    async again() {
      await subscriber.negotiate();
      stream = subscriber.streamOf(subscription);
      await source.beginAgain(stream);
    },
  };
}

/** The first track of that kind that the subscriber is told of, in its welcome or later. */
async function trackOf({ id }: WeriftClient, kind: Kind, { welcome, signaling }: WeriftClient): Promise<TrackId> {
  const known = welcome.peers.find((peer) => peer.id === id)?.tracks.find((track) => track.kind === kind);
  if (known !== undefined) return known.id;
  const told = await signaling.receive(
    "trackPublished",
    ({ peerId, track }) => peerId === id && track.kind === kind,
  );
  return told.track.id;
}

/** What a client is told of another peer from now on. */
export function newsFor({ signaling }: WeriftClient) {
  const heard = new Set(signaling.messages.entries);
  const isNew = (message: ServerMessage) => !heard.has(message);
  return {
    hasLeft: (peerId: string) =>
      signaling.received("peerLeft").some((message) => isNew(message) && message.peerId === peerId),
    joined: (peerId: string, deadlineMs?: number) =>
      signaling.receive("peerJoined", (message) => isNew(message) && message.peer.id === peerId, deadlineMs),
    left: (peerId: string, deadlineMs?: number) =>
      signaling.receive("peerLeft", (message) => isNew(message) && message.peerId === peerId, deadlineMs),
    published: (peerId: string, deadlineMs?: number) =>
      signaling.receive("trackPublished", (message) => isNew(message) && message.peerId === peerId, deadlineMs),
  };
}
