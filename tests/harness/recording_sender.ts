import type { MediaSender } from "../../src/sfu/media_sink.ts";

/** A MediaSender without a network: keeps what it is given, in the clear. */
export class RecordingSender implements MediaSender {
  readonly rtp: Uint8Array[] = [];
  readonly rtcp: Uint8Array[] = [];
  readonly removedStreams: number[] = [];
  /** False: as before the transport is connected, nothing can be sent. */
  open = true;
  readonly #slot = new Uint8Array(2048);

  readAhead(): number {
    return 0;
  }

  beginRtp(): Uint8Array | undefined {
    return this.open ? this.#slot : undefined;
  }

  sendRtp(headerLength: number, source: Uint8Array, offset: number, length: number): boolean {
    const packet = new Uint8Array(headerLength + length);
    packet.set(this.#slot.subarray(0, headerLength));
    packet.set(source.subarray(offset, offset + length), headerLength);
    this.rtp.push(packet);
    return true;
  }

  sendRtcp(bytes: Uint8Array, length: number): void {
    this.rtcp.push(bytes.slice(0, length));
  }

  removeStream(ssrc: number): void {
    this.removedStreams.push(ssrc);
  }

  /** Takes the RTP packets recorded so far. */
  takeRtp(): Uint8Array[] {
    return this.rtp.splice(0);
  }

  takeRtcp(): Uint8Array[] {
    return this.rtcp.splice(0);
  }
}
