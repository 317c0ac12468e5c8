import assert from "node:assert/strict";
import { seeded } from "./dtls_datagrams.ts";
import { hostileDatagram, type Target } from "./hostile_datagrams.ts";
import { candidateAddress } from "./sdp_sections.ts";
import { credentialsOf } from "./signaling_room.ts";
import type { WeriftClient } from "./werift_client.ts";

/** Few enough at once for a socket's buffer, so that the kernel loses no packet of the call. */
const BATCH = 16;
const FENCE = Uint8Array.of(0xfe, 0xce);

/** A socket that nobody in the call knows of, and what it throws. */
export class Stranger implements Disposable {
  readonly #socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  readonly #random: (bound: number) => number;

  constructor(seed: number) {
    this.#random = seeded(seed);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
  }

  async send(datagram: Uint8Array, sdp: string): Promise<void> {
    await this.#socket.send(datagram, { transport: "udp", ...candidateAddress(sdp) });
  }

  async sendBatch(targets: readonly { readonly sdp: string; readonly target: Target }[]): Promise<void> {
    for (let i = 0; i < BATCH; i++) {
      const { sdp, target } = targets[i % targets.length];
      await this.send(hostileDatagram(this.#random, target), sdp);
    }
  }

  /** Fails where the server has sent anything here: it would come before what is sent now. */
  async assertNothingReceived(): Promise<void> {
    await this.#socket.send(FENCE, this.#socket.addr);
    const [datagram] = await this.#socket.receive();
    assert.deepEqual(datagram, FENCE);
  }
}

/** Whom a stranger would like to be. */
export function targetOf({ answer, connection }: WeriftClient, ssrc: number) {
  const remoteUfrag = credentialsOf(connection.localDescription?.sdp ?? "").ufrag;
  return { sdp: answer, target: { ufrag: credentialsOf(answer).ufrag, remoteUfrag, ssrc } };
}
