import type { CodecFormat } from "./format.ts";

/** A format whose every packet can be decoded by itself, as in Opus (RFC 7587) and G.711 (RFC 3551). */
export const always: CodecFormat = {
  isKeyFrameStart: () => true,
};
