/** One turn of the 16-bit sequence number. */
const TURN = 0x10000;
const HALF_TURN = 0x8000;
/** The index has 48 bits: 2^16 sequence numbers times 2^32 roll-overs. */
const INDEX_LIMIT = 2 ** 48;

/**
 * The index of an SRTP packet, roll-over counter * 2^16 + sequence number, guessed from its sequence number and the
 * highest index authenticated so far, -1 for none (RFC 3711 section 3.3.1). Changes nothing: a forged sequence number
 * moves no roll-over counter. Negative where the packet comes before the first turn or behind the last.
 */
export function estimateIndex(newest: number, sequenceNumber: number): number {
  if (newest < 0) return sequenceNumber;
  const newestSequenceNumber = newest & (TURN - 1);
  let turnStart = newest - newestSequenceNumber;
  if (newestSequenceNumber < HALF_TURN) {
    if (sequenceNumber - newestSequenceNumber > HALF_TURN) turnStart -= TURN;
  } else if (newestSequenceNumber - HALF_TURN > sequenceNumber) {
    turnStart += TURN;
  }
  return turnStart < INDEX_LIMIT ? turnStart + sequenceNumber : -1;
}

/** The roll-over counter of an index, in [0, 2^32). */
export function rollOverCounter(index: number): number {
  return Math.floor(index / TURN);
}
