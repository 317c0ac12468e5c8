import { decodeJwt } from "jose";

/**
 * The room in which a check disturbs nobody: the one that the token is for, of a pattern a room that fits it, and without a
 * token one that nobody else knows. Whether the token is valid is the server's to say.
 */
export function roomFor(token: string | undefined, random: string): string {
  const own = `doctor-${random}`;
  const room = token === undefined ? undefined : roomOf(token);
  return room === undefined ? own : room.replaceAll("*", own);
}

/** Undefined where the token cannot be read. */
function roomOf(token: string): string | undefined {
  try {
    const { switchboard } = decodeJwt<{ switchboard?: { room?: unknown } }>(token);
    return typeof switchboard?.room === "string" ? switchboard.room : undefined;
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
