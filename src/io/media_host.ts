import type { PeerEventHandler, PeerMedia, PeerOpening } from "../media/messages.ts";

/** How often deadlines are looked at: the finest of them are DTLS retransmissions, 50 ms and up. */
export const TICK_MS = 25;

/** A peer's media with the port that it has. */
export interface HostedMedia extends Pick<PeerMedia, "send"> {
  readonly port: number;
}

/** Where the media of peers is: in this isolate, or in workers. */
export interface MediaHost {
  /** Sockets that are open for peers. */
  readonly socketCount: number;
  /** TCP connections that are open. */
  readonly connectionCount: number;
  /** SSRCs that are bound to producers. */
  readonly ssrcCount: number;
  /** Makes the media side of a peer, with a socket on `hostname`. Throws where no socket can be had. */
  openPeer(hostname: string, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia;
  /** Whether `handleTimeout` is wanted every TICK_MS: there are peers or TCP connections whose time this isolate keeps. */
  readonly needsTicks: boolean;
  /** Does what is due. */
  handleTimeout(nowMs: number): void;
  /** Has what was told to peers carried out, and what it queued sent. */
  flush(): void;
  /** Gives back all that is open. The peers are closed before. */
  close(): Promise<void>;
}
