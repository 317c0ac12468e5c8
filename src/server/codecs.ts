/** The codecs that a room can allow, by the names that people type, and their MIME types in lower case. */
export const MIME_TYPES = {
  opus: "audio/opus",
  pcmu: "audio/pcmu",
  pcma: "audio/pcma",
  vp8: "video/vp8",
  vp9: "video/vp9",
  h264: "video/h264",
  av1: "video/av1",
} as const;

export type CodecName = keyof typeof MIME_TYPES;

export const CODEC_NAMES = Object.keys(MIME_TYPES) as readonly CodecName[];
