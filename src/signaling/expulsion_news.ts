import { z } from "zod";
import { roomIdSchema } from "./messages.ts";
import { revocationSchema } from "./revocations.ts";

/** What nodes tell each other of peers that are made to leave. */

/** Of one message: with the longest names, whose characters take 6 bytes of JSON at most, they are 255 kB. */
export const MAX_TOLD_REVOCATIONS = 160;

const expulsionNewsSchema = z.discriminatedUnion("type", [
  /** A peer that one of the others has is to leave. */
  z.object({ type: z.literal("kick"), roomId: roomIdSchema, peerId: z.string().min(1).max(64) }),
  /** Tokens that are of no worth any more. */
  z.object({ type: z.literal("revoked"), revocations: z.array(revocationSchema).max(MAX_TOLD_REVOCATIONS) }),
]);

export type ExpulsionNews = Readonly<z.infer<typeof expulsionNewsSchema>>;

/** Undefined where it is none: what comes may be anything. */
export function readExpulsionNews(value: unknown): ExpulsionNews | undefined {
  return expulsionNewsSchema.safeParse(value).data;
}
