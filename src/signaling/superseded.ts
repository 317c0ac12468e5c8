import { z } from "zod";
import { roomIdSchema } from "./messages.ts";

/**
 * What a node tells the others where somebody has brought it, in vain, the token of a peer that may be one of theirs (P119):
 * its client goes on here, as another one.
 */
const supersededSchema = z.object({
  type: z.literal("superseded"),
  roomId: roomIdSchema,
  /** A peer id, a dot, and a secret: `Resumption`. */
  token: z.string().regex(/^[A-Za-z0-9_-]{12}\.[A-Za-z0-9+/]{32}$/),
  /** Of who brought it, by another token. */
  identity: z.string().max(1024).optional(),
});

export type Superseded = Readonly<z.infer<typeof supersededSchema>>;

/** Undefined where it is none: what comes may be anything. */
export function readSuperseded(value: unknown): Superseded | undefined {
  return supersededSchema.safeParse(value).data;
}
