/** What a peer is told that sends too much. */
export function bitrateWords(maxBitrateIn: number): string {
  return `more than ${maxBitrateIn} bit/s come from this peer, and packets are dropped`;
}
