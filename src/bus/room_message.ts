import { deflateRawSync, inflateRawSync } from "node:zlib";
import type { RoomNews } from "../signaling/room_news.ts";
import { MAX_BROKER_MESSAGE } from "./broker.ts";

// A message is the JSON of RoomNews, in which nodes have their names; where that is long, deflated (RFC 1951) behind a byte
// that no JSON begins with.

const DEFLATED = 1;
/** What is longer is deflated: descriptions of tracks are then a tenth as long. */
const MAX_PLAIN_BYTES = 16 * 1024;
/** What a deflated message may become. */
const MAX_INFLATED_BYTES = 8 * 1024 * 1024;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

/** News with the names of nodes in place of their numbers. */
export type NamedNews = Omit<RoomNews, "from" | "to"> & { readonly from: string; readonly to?: string | undefined };

/** Undefined where it is too long for a broker. */
export function encodeNews(news: NamedNews): Uint8Array | undefined {
  const plain = encoder.encode(JSON.stringify(news));
  if (plain.length <= MAX_PLAIN_BYTES) return plain;
  if (plain.length > MAX_INFLATED_BYTES) return undefined;
  const deflated = deflateRawSync(plain);
  if (deflated.length >= MAX_BROKER_MESSAGE) return undefined;
  const message = new Uint8Array(1 + deflated.length);
  message[0] = DEFLATED;
  message.set(deflated, 1);
  return message;
}

/** What came, which may be anything but what has a sender; undefined where it has none. */
export function decodeNews(message: Uint8Array): { readonly from: string; readonly to?: unknown } | undefined {
  try {
    const plain = message[0] === DEFLATED
      ? inflateRawSync(message.subarray(1), { maxOutputLength: MAX_INFLATED_BYTES })
      : message;
    const news: unknown = JSON.parse(decoder.decode(plain));
    return typeof news === "object" && news !== null && "from" in news && typeof news.from === "string"
      ? { ...news, from: news.from }
      : undefined;
  } catch {
    // No JSON, or nothing that was deflated.
    return undefined;
  }
}
