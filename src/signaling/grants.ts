import { z } from "zod";
import type { Source } from "../sfu/types.ts";
import { printable, publishable, roomIdSchema } from "./messages.ts";

/** What a peer may publish; `screen` is the screen and its sound. */
export type Publishable = "audio" | "video" | "screen";

/** What a token allows its bearer. */
export interface Grants {
  /** The room that may be entered: a name, or a pattern in which each `*` stands for any characters, or none. */
  readonly room: string;
  /** Who the bearer is, for whoever made the token; undefined for somebody without a name of that kind. */
  readonly identity: string | undefined;
  /** What the bearer is called, whatever else it says; undefined where that is its own choice. */
  readonly name: string | undefined;
  readonly publish: readonly Publishable[];
  /** Whether it may receive the tracks of others, and know of them. */
  readonly subscribe: boolean;
  readonly admin: boolean;
  /** Bit/s of all that it publishes; undefined for no limit. */
  readonly maxBitrate: number | undefined;
  /** When the token was made, Unix time in whole seconds; left out where it does not say. */
  readonly issuedAt?: number;
}

export type GrantsResult =
  | { readonly ok: true; readonly grants: Grants }
  /** The message names the claim, and does not repeat its value. */
  | { readonly ok: false; readonly message: string };

/** The claims that are Switchboard's business (docs/auth.md); the others are left alone. */
const claimsSchema = z.object({
  sub: printable(128).min(1, "must not be empty").optional(),
  name: printable(64).optional(),
  iat: z.number().optional(),
  switchboard: z.object({
    room: roomIdSchema,
    publish: z.array(publishable).optional(),
    subscribe: z.boolean().optional(),
    admin: z.boolean().optional(),
    maxBitrate: z.int().min(1).optional(),
  }),
});

/** What a token without these claims has. */
const DEFAULTS = { publish: publishable.options, subscribe: true, admin: false, maxBitrate: undefined };

/** Reads the claims of a token that is authentic. A field that is unknown is ignored, one of another type is refused. */
export function grantsOf(claims: unknown): GrantsResult {
  const parsed = claimsSchema.safeParse(claims);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    return { ok: false, message: `${path.join(".")}: ${message}` };
  }
  const { sub, name, iat, switchboard } = parsed.data;
  const { room, ...rest } = switchboard;
  const grants = { room, identity: sub, name, ...DEFAULTS, ...rest };
  return { ok: true, grants: iat === undefined ? grants : { ...grants, issuedAt: Math.floor(iat) } };
}

/**
 * Whether a grant is for this room. Each piece between two `*` is looked for once, from left to right: no pattern takes
 * longer than its length times the room's.
 */
export function coversRoom({ room: pattern }: Pick<Grants, "room">, roomId: string): boolean {
  const [head, ...pieces] = pattern.split("*");
  const tail = pieces.pop();
  if (tail === undefined) return roomId === pattern;
  if (!roomId.startsWith(head)) return false;
  let at = head.length;
  for (const piece of pieces) {
    const found = roomId.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return roomId.length - tail.length >= at && roomId.endsWith(tail);
}

const NEEDED: Readonly<Record<Source, Publishable>> = {
  microphone: "audio",
  camera: "video",
  screen: "screen",
  screenAudio: "screen",
};

export function mayPublish({ publish }: Pick<Grants, "publish">, source: Source): boolean {
  return publish.includes(NEEDED[source]);
}
