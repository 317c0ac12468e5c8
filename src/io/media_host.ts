import type { MediaFigures } from "../media/media_figures.ts";
import type { PeerEventHandler, PeerMedia, PeerOpening, RelayCommand } from "../media/messages.ts";

/** How often deadlines are looked at: the finest of them are DTLS retransmissions, 50 ms and up. */
export const TICK_MS = 25;

/** An isolate that has not told its figures by then is said to be down. */
export const GATHER_MS = 1000;

/** A peer's media with the port that it has. */
export interface HostedMedia extends Pick<PeerMedia, "send"> {
  readonly port: number;
}

/** What one isolate that carries media has counted. */
export interface HostFigures {
  /** Whether it has answered; otherwise the figures are those that it told last. */
  readonly isUp: boolean;
  /** Since the start of the server, what was told by those that it has replaced included: no sum ever goes back. */
  readonly figures: MediaFigures;
  /** How often it has failed. */
  readonly failures: number;
  /** Peers whose media it has. */
  readonly peers: number;
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
  /** Why no peer can have a socket on `hostname` at present; undefined where one can. */
  obstacle(hostname: string): string | undefined;
  /** Asks for what was counted, isolate by isolate. Nobody is waited for longer than GATHER_MS. */
  gather(): Promise<readonly HostFigures[]>;
  /** Whether `handleTimeout` is wanted every TICK_MS: there are peers or TCP connections whose time this isolate keeps. */
  readonly needsTicks: boolean;
  /** Does what is due. */
  handleTimeout(nowMs: number): void;
  /** Has what was told to peers carried out, and what it queued sent. */
  flush(): void;
  /** Gives back all that is open. The peers are closed before. */
  close(): Promise<void>;
}

/** A host that shares rooms with others: a node of their bus. */
export interface NodeHost extends MediaHost {
  /** Tells its media of a room that it shares, in the order in which its peers' commands are told. */
  relay(command: RelayCommand): void;
  /**
   * Calls `handler` each time it has failed, before any of its peers hears of it. Its media then knows nothing of what it
   * was told.
   */
  onFailure(handler: () => void): void;
}
