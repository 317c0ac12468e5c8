import type { ExpulsionNews } from "../signaling/expulsion_news.ts";
import type { Grants } from "../signaling/grants.ts";
import type { Participant } from "../signaling/participant.ts";
import { isRevokedBy, type Revocation, Revocations } from "../signaling/revocations.ts";

/** What became of a kick: the peer was here, and has left; other servers were told, one of which may have it; neither. */
export type KickResult = "ended" | "told" | "unknown";

/** The other servers that have the same rooms. */
export interface OtherServers {
  /** False where they cannot be told. */
  tellKick(roomId: string, peerId: string): boolean;
  /** They hear of it later where they cannot be told now. */
  tellRevoked(revocations: readonly Revocation[]): void;
}

export interface ExpulsionsOptions {
  /** The peers that are here. */
  readonly participants: () => Iterable<Participant>;
  /** Has a peer leave, whatever faults it meets. */
  readonly end: (participant: Participant) => void;
  /** Left out where there are none. */
  readonly others?: OtherServers | undefined;
  /** Unix time in whole seconds. */
  readonly unixSeconds: () => number;
}

/** Peers that are made to leave, and tokens that bring nobody back, here and at the other servers. */
export class Expulsions {
  readonly #options: ExpulsionsOptions;
  readonly #revocations = new Revocations();

  constructor(options: ExpulsionsOptions) {
    this.#options = options;
  }

  /** Has a peer leave its room, and revokes the tokens of its identity for the room, where it has one. */
  kick(roomId: string, peerId: string): KickResult {
    if (this.#end(roomId, peerId)) return "ended";
    return this.#options.others?.tellKick(roomId, peerId) ? "told" : "unknown";
  }

  /** Tokens of an identity that were made until now are of no worth, in one room or in all: whose they are leaves. */
  revoke(identity: string, roomId?: string): void {
    const atSeconds = this.#options.unixSeconds();
    const revocation = { identity, ...(roomId !== undefined && { roomId }), atSeconds };
    this.#take(revocation);
    this.#options.others?.tellRevoked([revocation]);
  }

  /** What another server says. */
  handleNews(news: ExpulsionNews): void {
    if (news.type === "kick") this.#end(news.roomId, news.peerId);
    else for (const revocation of news.revocations) this.#take(revocation);
  }

  isRevoked(grants: Grants, roomId: string): boolean {
    return this.#revocations.includes(grants, roomId, this.#options.unixSeconds());
  }

  /** As `Revocations.digest`. */
  get digest(): number {
    return this.#revocations.digest(this.#options.unixSeconds());
  }

  get list(): readonly Revocation[] {
    return this.#revocations.list(this.#options.unixSeconds());
  }

  /** False where the peer is not here. */
  #end(roomId: string, peerId: string): boolean {
    for (const participant of this.#options.participants()) {
      if (participant.peer.id !== peerId || participant.room.id !== roomId) continue;
      const { identity } = participant.peer;
      this.#options.end(participant);
      if (identity !== undefined) this.revoke(identity, roomId);
      return true;
    }
    return false;
  }

  #take(revocation: Revocation): void {
    if (!this.#revocations.add(revocation, this.#options.unixSeconds())) return;
    const revoked = [...this.#options.participants()].filter(({ grants, room }) =>
      grants !== undefined && isRevokedBy(grants, room.id, revocation)
    );
    for (const participant of revoked) this.#options.end(participant);
  }
}
