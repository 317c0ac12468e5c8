import type { PayloadForwarder } from "./payload_forwarder.ts";
import { DescriptorForwarder } from "./payload_descriptor.ts";
import { Vp8Forwarder } from "./payload_vp8.ts";
import { Vp9Forwarder } from "./payload_vp9.ts";

/**
 * The forwarder of one consumer of a codec, by its MIME type in lower case. `hasDescriptor` says whether its source has a
 * dependency descriptor. Undefined where there is nothing that could be left out or rewritten: for audio, and for H.264
 * without the descriptor.
 */
export function payloadForwarder(mimeType: string, hasDescriptor: boolean): PayloadForwarder | undefined {
  if (mimeType === "video/vp8") return new Vp8Forwarder();
  if (mimeType === "video/vp9") return new Vp9Forwarder();
  if (mimeType === "video/av1" || (mimeType === "video/h264" && hasDescriptor)) return new DescriptorForwarder();
  return undefined;
}
