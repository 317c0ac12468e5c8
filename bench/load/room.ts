import type { OutgoingTrack } from "./outgoing_track.ts";
import type { Publisher } from "./publisher.ts";
import type { Subscriber } from "./subscriber.ts";

/** One room of the load: who is in it, once connected. */
export class Room {
  readonly name: string;
  readonly publishers: Publisher[] = [];
  readonly subscribers: Subscriber[] = [];

  constructor(number: number) {
    this.name = `load-${number}`;
  }

  /** Sound and pictures of all publishers, in the order in which they came. */
  get tracks(): readonly OutgoingTrack[] {
    return this.publishers.flatMap((publisher) => publisher.tracks);
  }
}
