import type { Endpoint } from "./endpoint.ts";
import type { OutgoingTrack } from "./outgoing_track.ts";
import type { Publisher } from "./publisher.ts";
import type { Subscriber } from "./subscriber.ts";

/** One room of the load: who is in it, once connected. */
export class Room {
  readonly name: string;
  readonly publishers: Publisher[] = [];
  readonly subscribers: Subscriber[] = [];

  constructor(name: string) {
    this.name = name;
  }

  remove(peer: Endpoint): void {
    const all: readonly Endpoint[][] = [this.publishers, this.subscribers];
    for (const peers of all) {
      const index = peers.indexOf(peer);
      if (index >= 0) peers.splice(index, 1);
    }
  }

  /** What a subscriber can receive: sound and pictures of all publishers, in the order in which they came. */
  get media(): readonly OutgoingTrack[] {
    return this.tracks.filter(({ options }) => options.encoding.index === 0);
  }

  /** All encodings of all that is published. */
  get tracks(): readonly OutgoingTrack[] {
    return this.publishers.flatMap((publisher) => publisher.tracks);
  }
}
