/** What a peer is told that sends too much. */
export function bitrateWords(maxBitrateIn: number): string {
  return `more than ${maxBitrateIn} bit/s come from this peer, and packets are dropped`;
}

/** What one is told whose track is paused. */
export function pauseWords(trackId: string, maxBitrateOut: number): string {
  return `more than ${maxBitrateOut} bit/s go to this peer: track ${trackId} is paused until it fits, and tried again each minute`;
}
