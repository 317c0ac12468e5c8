import type { MediaSocket } from "../../src/media/media_socket.ts";
import { type RemoteAddress, SLOT_SIZE } from "../../src/webrtc/datagram.ts";

/** A socket's sending side that keeps what it is given. */
export class MemoryDatagrams implements MediaSocket {
  readonly sent: { readonly bytes: Uint8Array; readonly to: RemoteAddress }[] = [];
  /** True: as with a full queue, no slot is free. */
  full = false;
  closed = false;
  dropped = 0;
  /** The ufrags by which its peer is known, oldest first. */
  readonly ufrags: string[] = [];
  readonly #slot = new Uint8Array(SLOT_SIZE);

  slot(): Uint8Array | undefined {
    return this.full ? undefined : this.#slot;
  }

  commit(length: number, to: RemoteAddress): void {
    this.sent.push({ bytes: this.#slot.slice(0, length), to: { hostname: to.hostname, port: to.port } });
  }

  claimUfrag(ufrag: string): void {
    this.ufrags.push(ufrag);
  }

  close(): void {
    this.closed = true;
  }

  take(): { readonly bytes: Uint8Array; readonly to: RemoteAddress }[] {
    return this.sent.splice(0);
  }
}
