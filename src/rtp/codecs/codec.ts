import { always } from "./always.ts";
import { av1 } from "./av1.ts";
import type { CodecFormat } from "./format.ts";
import { h264 } from "./h264.ts";
import { vp8 } from "./vp8.ts";
import { vp9 } from "./vp9.ts";

export type { CodecFormat };

const VIDEO: ReadonlyMap<string, CodecFormat> = new Map([
  ["video/vp8", vp8],
  ["video/vp9", vp9],
  ["video/h264", h264],
  ["video/av1", av1],
]);

/**
 * The payload format of a MIME type, in lower case. One that is not known here, as all audio, can be started at any
 * packet.
 */
export function codecFormat(mimeType: string): CodecFormat {
  return VIDEO.get(mimeType) ?? always;
}
