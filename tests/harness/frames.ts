import { writeUint16 } from "../../src/rtp/bytes.ts";
import { FRAME_HEADER_LENGTH, FRAME_HEADROOM, type FrameReader } from "../../src/webrtc/frame_reader.ts";

/** A datagram behind its length, as a TCP connection carries it (RFC 4571 section 2). */
export function frame(datagram: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_LENGTH + datagram.length);
  writeUint16(bytes, 0, datagram.length);
  bytes.set(datagram, FRAME_HEADER_LENGTH);
  return bytes;
}

/** The frames of these datagrams, one behind the other. */
export function frames(datagrams: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(datagrams.flatMap((datagram) => [...frame(datagram)]));
}

/** The datagrams that `received` completes, each in memory of its own. */
export function readFrames(reader: FrameReader, received: Uint8Array): Uint8Array[] {
  const buffer = new Uint8Array(FRAME_HEADROOM + received.length);
  buffer.set(received, FRAME_HEADROOM);
  const datagrams: Uint8Array[] = [];
  reader.begin(buffer, FRAME_HEADROOM, buffer.length);
  while (reader.next()) datagrams.push(buffer.slice(reader.offset, reader.offset + reader.length));
  return datagrams;
}
