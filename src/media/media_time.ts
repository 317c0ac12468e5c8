/** What time it is in one isolate's media, for who is told of none: as it was at the last datagram, command or tick. */
export interface MediaTime {
  /** Milliseconds from an arbitrary start. */
  nowMs: number;
}
