import type { z } from "zod";
import { type ClientMessage, clientMessageSchema, type ErrorCode, type MessageId } from "./messages.ts";

/** Bytes of one message at most (rule P3). */
export const MAX_MESSAGE_BYTES = 1024 * 1024;

export type ParsedMessage =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly code: ErrorCode; readonly text: string; readonly replyTo: MessageId | undefined };

/** Reads one WebSocket message; `data` is undefined for a binary frame. Never throws. */
export function parseMessage(data: string | undefined): ParsedMessage {
  if (data === undefined) return refuse("bad-json", "messages are JSON in text frames, not binary");
  if (isTooLarge(data)) return refuse("too-large", `a message may have ${MAX_MESSAGE_BYTES} bytes at most`);
  const value = parseJson(data);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse("bad-json", "a message is one JSON object");
  }
  const replyTo = "id" in value ? readId(value.id) : undefined;
  const result = clientMessageSchema.safeParse(value);
  if (result.success) return { ok: true, message: result.data };
  const type = "type" in value ? value.type : undefined;
  if (!isKnownType(type)) return refuse("unknown-type", `unknown message type ${quote(type)}`, replyTo);
  return refuse("bad-message", describe(result.error), replyTo);
}

/** UTF-8 has one to three bytes for each UTF-16 unit: most messages need no counting. */
function isTooLarge(data: string): boolean {
  if (data.length > MAX_MESSAGE_BYTES) return true;
  return data.length * 3 > MAX_MESSAGE_BYTES && new TextEncoder().encode(data).length > MAX_MESSAGE_BYTES;
}

function parseJson(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return undefined;
  }
}

function readId(id: unknown): MessageId | undefined {
  if (typeof id === "string") return id.length <= 64 ? id : undefined;
  // JSON.parse reads infinity from 1e999, and JSON cannot say it back.
  return typeof id === "number" && Number.isFinite(id) ? id : undefined;
}

function isKnownType(type: unknown): boolean {
  return clientMessageSchema.options.some((option) => option.shape.type.value === type);
}

function describe(error: z.ZodError): string {
  const issue = error.issues[0];
  const path = issue.path.map(String).join(".");
  return `${path === "" ? "message" : path}: ${issue.message}`;
}

function quote(type: unknown): string {
  return typeof type === "string" ? JSON.stringify(type.slice(0, 40)) : `of type ${typeof type}`;
}

function refuse(code: ErrorCode, text: string, replyTo?: MessageId): ParsedMessage {
  return { ok: false, code, text, replyTo };
}
