import { always } from "./always.ts";
import type { CodecFormat } from "./format.ts";
import { vp8 } from "./vp8.ts";

export type { CodecFormat };

/**
 * The payload format of a MIME type, in lower case. One that is not known here, as all audio, can be started at any
 * packet.
 */
export function codecFormat(mimeType: string): CodecFormat {
  return mimeType === "video/vp8" ? vp8 : always;
}
