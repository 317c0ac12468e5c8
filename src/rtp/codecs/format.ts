/** What the engine must know of a codec's RTP payload; one implementation for each codec. */
export interface CodecFormat {
  /**
   * Whether the payload `bytes[offset, offset + length)` is the first one of a key frame, so that a decoder can start
   * with it. False where the payload is malformed.
   */
  isKeyFrameStart(bytes: Uint8Array, offset: number, length: number): boolean;
}
