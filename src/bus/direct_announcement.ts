import { z } from "zod";
import { parseIpAddress } from "../webrtc/ip_address.ts";
import { MAX_ADDRESSES } from "./direct_datagram.ts";

/** Other versions are other nodes' business: who says one of them is not reached directly. */
const VERSION = 1;

const announcementSchema = z.object({
  version: z.literal(VERSION),
  /** X25519, Base64url. */
  publicKey: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  port: z.int().min(1).max(65535),
  addresses: z.array(z.string().max(64).refine((text) => parseIpAddress(text) !== undefined)).min(1).max(MAX_ADDRESSES),
});

/** What a node tells the others for the direct path: IP addresses, the most likely first, the port there, and its key. */
export interface DirectAnnouncement {
  readonly publicKey: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

export function encodeAnnouncement({ publicKey, port, addresses }: DirectAnnouncement): string {
  return JSON.stringify({ version: VERSION, publicKey, port, addresses: addresses.slice(0, MAX_ADDRESSES) });
}

/** Undefined where it is none. */
export function parseAnnouncement(text: string): DirectAnnouncement | undefined {
  try {
    return announcementSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // No JSON.
  }
}
