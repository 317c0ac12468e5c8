import type { PeerId, Speakers } from "../sfu/types.ts";

const NOBODY: Speakers = { active: [] };

/** Who speaks in a room, and who has: those who left are forgotten. */
export class RecentSpeakers {
  speakers = NOBODY;
  /** The dominant speaker first, then who began last. */
  order: readonly PeerId[] = [];

  /** Takes what is told by who may not know yet that somebody has left. */
  update(told: Speakers, isPresent: (id: PeerId) => boolean): void {
    const before = new Set(this.speakers.active.map(({ peerId }) => peerId));
    const active = told.active.filter(({ peerId }) => isPresent(peerId));
    const dominant = told.dominant !== undefined && isPresent(told.dominant) ? told.dominant : undefined;
    this.speakers = dominant === undefined ? { active } : { dominant, active };
    const begun = active.map(({ peerId }) => peerId).filter((id) => !before.has(id));
    this.order = [...new Set([...(dominant === undefined ? [] : [dominant]), ...begun, ...this.order])];
  }

  forget(id: PeerId): void {
    const { dominant, active } = this.speakers;
    const rest = active.filter(({ peerId }) => peerId !== id);
    this.speakers = dominant === undefined || dominant === id ? { active: rest } : { dominant, active: rest };
    this.order = this.order.filter((peerId) => peerId !== id);
  }
}
