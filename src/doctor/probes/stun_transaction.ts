import { STUN_HEADER_LENGTH, StunMessage, TRANSACTION_ID_LENGTH, TRANSACTION_ID_OFFSET } from "../../webrtc/stun.ts";
import type { Path } from "./path.ts";
import { within } from "./within.ts";

/** Milliseconds between two attempts at first; twice as many each time (RFC 8489 section 6.2.1). */
const FIRST_TIMEOUT_MS = 250;
const ATTEMPTS = 4;

/** An answer, and how long it took. */
export interface Answer {
  readonly message: StunMessage;
  /** From the last request to the answer, in ms. */
  readonly roundTripMs: number;
}

export function newTransactionId(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(TRANSACTION_ID_LENGTH));
}

/**
 * Sends a request until it is answered, four times at most; undefined where that takes longer than 3.75 s. An answer is of
 * the request's transaction; whether it is authentic is the caller's to ask.
 */
export async function transact(path: Path, request: Uint8Array): Promise<Answer | undefined> {
  const answered = Promise.withResolvers<StunMessage>();
  path.onDatagram = (bytes) => {
    const message = new StunMessage();
    if (message.parse(bytes, bytes.length) && isOfTransaction(bytes, request)) answered.resolve(message);
  };
  for (let attempt = 0, timeoutMs = FIRST_TIMEOUT_MS; attempt < ATTEMPTS; attempt++, timeoutMs *= 2) {
    const sentMs = performance.now();
    await path.send(request);
    const message = await within(timeoutMs, answered.promise);
    if (message !== undefined) return { message, roundTripMs: performance.now() - sentMs };
  }
  return undefined;
}

function isOfTransaction(answer: Uint8Array, request: Uint8Array): boolean {
  for (let i = TRANSACTION_ID_OFFSET; i < STUN_HEADER_LENGTH; i++) if (answer[i] !== request[i]) return false;
  return true;
}
