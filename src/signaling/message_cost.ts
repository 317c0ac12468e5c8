import { MAX_MESSAGE_BYTES } from "./parse_message.ts";

/** Messages that a client may send at once, and a second in the long run (rule P4). */
export const MESSAGE_BURST = 200;
export const MESSAGES_PER_SECOND = 50;
/** A message counts once for each so many characters that it begins: reading a long offer costs milliseconds. */
const CHARACTERS_PER_TOKEN = 32 * 1024;

/** For how many messages one counts. What is too large is not read, so it costs no more than the largest that is. */
export function costOf(data: string | undefined): number {
  const length = Math.min(data?.length ?? 0, MAX_MESSAGE_BYTES);
  return Math.max(1, Math.ceil(length / CHARACTERS_PER_TOKEN));
}
