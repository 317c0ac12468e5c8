/** Packets that can be sent again: two seconds of 2 Mbit/s. */
const CAPACITY = 512;

/** What it takes to make the newest packets of a track once more; their payloads follow from it. */
export class SentPackets {
  readonly #packets = new Float64Array(CAPACITY).fill(-1);
  readonly sentUs = new Float64Array(CAPACITY);
  readonly timestamps = new Uint32Array(CAPACITY);
  readonly lengths = new Uint16Array(CAPACITY);
  /** See PacketFlag. */
  readonly flags = new Uint8Array(CAPACITY);

  /** Takes the place of the oldest for this packet, and returns it. */
  place(packet: number): number {
    const place = packet % CAPACITY;
    this.#packets[place] = packet;
    return place;
  }

  /** Where a packet is; -1 where it is none of the newest. */
  find(packet: number): number {
    const place = packet % CAPACITY;
    return this.#packets[place] === packet ? place : -1;
  }
}
