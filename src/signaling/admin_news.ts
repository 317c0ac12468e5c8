import { z } from "zod";
import { roomIdSchema } from "./messages.ts";

/** Any JSON, however deep: nothing looks into it. */
export const jsonSchema = z.unknown().refine((value) => value !== undefined, "must be there");

/** What whoever runs a server has all servers do that share its rooms. */
const adminNewsSchema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("endRoom"), roomId: roomIdSchema }),
  /** To the clients of a room, or of all. */
  z.object({ type: z.literal("sendMessage"), roomId: roomIdSchema.optional(), message: jsonSchema }),
]);

export type AdminNews = Readonly<z.infer<typeof adminNewsSchema>>;

/** Undefined where it is none: what comes may be anything. */
export function readAdminNews(value: unknown): AdminNews | undefined {
  return adminNewsSchema.safeParse(value).data;
}

/** Bytes of the JSON of a message to clients, at most. */
export const MAX_MESSAGE_BYTES = 16 * 1024;

/** How many bytes of UTF-8 the JSON of a value has; Infinity where it is none. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value);
  return text === undefined ? Infinity : new TextEncoder().encode(text).length;
}
