import { TICK_MS } from "../../src/io/media_host.ts";
import type { RandomSource } from "../../src/sfu/random.ts";
import type { DtlsFactory } from "../../src/webrtc/dtls.ts";
import type { ClientDtls } from "../../src/load/client_handshake.ts";
import { KEYED_CLIENT_DTLS } from "./keyed_client.ts";
import { keyedDtls } from "./keyed_dtls.ts";
import { seededRandom } from "./seeded_random.ts";
import { type SignalingClient, SignalingRoom } from "./signaling_room.ts";
import { Link, type LinkOptions } from "./simulated_network.ts";
import { SimulatedPeer } from "./simulated_peer.ts";
import { VirtualClock } from "./virtual_clock.ts";

export interface SimulatedPeerOptions {
  /** From the peer to the server, and back. */
  readonly up?: LinkOptions;
  readonly down?: LinkOptions;
  /** Whether RTX, and NACK with it, is offered for video: yes unless given. */
  readonly rtx?: boolean;
}

/** Both sides of DTLS. */
export interface SimulatedDtls {
  readonly server: DtlsFactory;
  readonly client: ClientDtls;
}

/** A server and its peers, joined by links, in virtual time: one seed gives one course of events. */
export class SimulatedCall {
  readonly clock = new VirtualClock();
  readonly room: SignalingRoom;
  readonly #random: RandomSource;
  readonly #options: SimulatedPeerOptions;
  readonly #dtls: ClientDtls;
  readonly #members: { readonly peer: SimulatedPeer; readonly signaling: SignalingClient }[] = [];

  /** `options` hold for each peer that does not say otherwise. Nobody really shakes hands where `dtls` is left out. */
  constructor(seed: number, options: SimulatedPeerOptions = {}, dtls?: SimulatedDtls) {
    const { server, client } = dtls ?? { server: keyedDtls(), client: KEYED_CLIENT_DTLS };
    this.room = new SignalingRoom(seed, undefined, server);
    this.#dtls = client;
    this.#random = seededRandom(seed + 1);
    this.#options = options;
    this.clock.setTimeout(() => this.#tick(), TICK_MS);
  }

  get nowMs(): number {
    return this.clock.now();
  }

  /** What the server knows of the time to each peer and back, in the order of joining. */
  get roundTripsMs(): (number | undefined)[] {
    return this.#members.map(({ signaling }) => signaling.media?.peer.roundTripMs);
  }

  /** A peer that joins now, and is connected once the links have carried what that takes. */
  join(options: SimulatedPeerOptions = {}): SimulatedPeer {
    const { up = {}, down = {}, rtx = true } = { ...this.#options, ...options };
    this.room.nowMs = this.clock.now();
    const signaling = this.room.connect();
    const uplink = this.#link(up, (bytes) => this.#serve(() => deliver(signaling, bytes, this.clock.now())));
    const downlink = this.#link(down, (bytes) => peer.handleDatagram(bytes));
    const say = (message: unknown) =>
      this.#serve(() => signaling.session.handleMessage(JSON.stringify(message), this.nowMs));
    const { clock } = this;
    const [random, dtls] = [this.#random, this.#dtls];
    const peer = new SimulatedPeer({ clock, random, dtls, signaling, uplink, downlink, rtx, say });
    this.#members.push({ peer, signaling });
    say({ type: "join", roomId: "room" });
    return peer;
  }

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  #link(options: LinkOptions, deliver: (bytes: Uint8Array) => void): Link {
    // Each has chances of its own: one more packet on one link changes nothing on the others.
    return new Link(options, { clock: this.clock, random: seededRandom(this.#random.uint32()) }, deliver);
  }

  /** Has the server do something, then passes on what it says and sends. */
  #serve(action: () => void): void {
    this.room.nowMs = this.clock.now();
    action();
    for (const { peer, signaling } of this.#members) {
      for (const message of signaling.take()) peer.handleMessage(message);
      for (const { bytes } of signaling.datagrams.take()) peer.downlink.send(bytes);
    }
  }

  #tick(): void {
    const nowMs = this.clock.now();
    for (const { signaling: { participant } } of this.#members) {
      if (participant === undefined || participant.nextTimeout() > nowMs) continue;
      this.#serve(() => participant.handleTimeout(nowMs));
    }
    this.#serve(() => this.room.handleTimeout());
    this.clock.setTimeout(() => this.#tick(), TICK_MS);
  }
}

/** One datagram is one batch, as with the portable backend. */
function deliver({ media, client }: SignalingClient, bytes: Uint8Array, nowMs: number): void {
  media?.handleDatagram(bytes, bytes.length, client.address, nowMs);
  media?.endBatch(nowMs);
}
