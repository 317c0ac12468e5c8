import { z } from "zod";
import type { Grants } from "./grants.ts";
import { roomIdSchema } from "./messages.ts";

/** Seconds for which a revocation is kept: a token that lives longer is good again afterwards (rule P121). */
export const REVOCATION_SECONDS = 24 * 3600;
/** Beyond these the oldest is forgotten. */
export const MAX_REVOCATIONS = 10_000;
/** Seconds by which the clock of another server may be ahead. One that is further would revoke tokens yet to be made. */
const MAX_AHEAD_SECONDS = 60;

export const revocationSchema = z.object({
  /** Of the tokens. */
  identity: z.string().min(1).max(128),
  /** The room in which they are of no worth; left out: in all. */
  roomId: roomIdSchema.optional(),
  /** Unix time: those that were made in this second, or before, or do not say when. */
  atSeconds: z.int().min(0),
});

/** Which tokens are of no worth any more, although they have not expired. */
export type Revocation = Readonly<z.infer<typeof revocationSchema>>;

/** What the token of a peer says that revocations ask for. */
export type Bearer = Pick<Grants, "identity" | "issuedAt">;

/** Whether a token is one of those. */
export function isRevokedBy({ identity, issuedAt = 0 }: Bearer, roomId: string, revocation: Revocation): boolean {
  if (identity !== revocation.identity || issuedAt > revocation.atSeconds) return false;
  return revocation.roomId === undefined || revocation.roomId === roomId;
}

/** The tokens that were revoked, here or at other servers that have the same rooms. */
export class Revocations {
  /** In the order in which they became known. */
  readonly #known = new Map<string, Revocation>();
  #digest = 0;

  /** 32 bits that are equal for two lists that are equal, in whatever order, and most likely for no others. */
  digest(nowSeconds: number): number {
    this.#expire(nowSeconds);
    return this.#digest >>> 0;
  }

  list(nowSeconds: number): readonly Revocation[] {
    this.#expire(nowSeconds);
    return [...this.#known.values()];
  }

  /** False where it says nothing new, or is of another time than this. */
  add(revocation: Revocation, nowSeconds: number): boolean {
    this.#expire(nowSeconds);
    const { atSeconds } = revocation;
    if (isOver(revocation, nowSeconds) || atSeconds > nowSeconds + MAX_AHEAD_SECONDS) return false;
    const key = keyOf(revocation.identity, revocation.roomId);
    const known = this.#known.get(key);
    if (known !== undefined && known.atSeconds >= atSeconds) return false;
    this.#forget(key);
    this.#known.set(key, revocation);
    this.#digest ^= hashOf(key, atSeconds);
    if (this.#known.size > MAX_REVOCATIONS) this.#forget(this.#known.keys().next().value ?? "");
    return true;
  }

  /** Whether a token is of no worth in a room. */
  includes(bearer: Bearer, roomId: string, nowSeconds: number): boolean {
    if (bearer.identity === undefined) return false;
    for (const key of [keyOf(bearer.identity, undefined), keyOf(bearer.identity, roomId)]) {
      const revocation = this.#known.get(key);
      if (revocation === undefined || isOver(revocation, nowSeconds)) continue;
      if (isRevokedBy(bearer, roomId, revocation)) return true;
    }
    return false;
  }

  #expire(nowSeconds: number): void {
    for (const [key, revocation] of this.#known) if (isOver(revocation, nowSeconds)) this.#forget(key);
  }

  #forget(key: string): void {
    const revocation = this.#known.get(key);
    if (revocation !== undefined) this.#digest ^= hashOf(key, revocation.atSeconds);
    this.#known.delete(key);
  }
}

function isOver({ atSeconds }: Revocation, nowSeconds: number): boolean {
  return nowSeconds >= atSeconds + REVOCATION_SECONDS;
}

function keyOf(identity: string, roomId: string | undefined): string {
  return JSON.stringify(roomId === undefined ? [identity] : [identity, roomId]);
}

/** FNV-1a over UTF-16 code units: 32 bits, signed. */
function hashOf(key: string, atSeconds: number): number {
  const text = `${key}${atSeconds}`;
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}
