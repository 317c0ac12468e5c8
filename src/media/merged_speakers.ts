import type { PeerId, Speaker, Speakers } from "../sfu/types.ts";
import type { NodeId } from "./media_bus.ts";

/** What one node has told last. */
interface Heard {
  speakers: Speakers;
  /** Counts, over all nodes, when somebody became dominant, or began to speak again who was: the highest is the latest. */
  dominantChange: number;
}

/**
 * Who speaks in a room that several nodes share, by what each of them hears. Each hears its own peers best: what others
 * hear of them has come by the bus, later and not always. So of each peer that counts what its own node says.
 */
export class MergedSpeakers {
  readonly #nodeOf: (peerId: PeerId) => NodeId | undefined;
  readonly #heard = new Map<NodeId, Heard>();
  #changes = 0;
  #told: Speakers = { active: [] };

  /** `nodeOf` says where a peer of the room is. */
  constructor(nodeOf: (peerId: PeerId) => NodeId | undefined) {
    this.#nodeOf = nodeOf;
  }

  /** Takes what a node hears; undefined where nothing changes for the room. */
  update(node: NodeId, speakers: Speakers): Speakers | undefined {
    const before = this.#heard.get(node);
    const isSameTurn = before !== undefined && before.speakers.dominant === speakers.dominant &&
      (speaksStill(before.speakers) || !speaksStill(speakers));
    this.#heard.set(node, { speakers, dominantChange: isSameTurn ? before.dominantChange : ++this.#changes });
    return this.#merge();
  }

  /** The node hears no more of the room; undefined where nothing changes by that. */
  forget(node: NodeId): Speakers | undefined {
    return this.#heard.delete(node) ? this.#merge() : undefined;
  }

  #merge(): Speakers | undefined {
    const dominant = this.#dominant();
    const active: Speaker[] = [];
    for (const [node, { speakers }] of this.#heard) {
      active.push(...speakers.active.filter(({ peerId }) => this.#nodeOf(peerId) === node));
    }
    active.sort((a, b) => Number(b.peerId === dominant) - Number(a.peerId === dominant) || b.level - a.level);
    const merged = dominant === undefined ? { active } : { dominant, active };
    if (isSame(merged, this.#told)) return undefined;
    return this.#told = merged;
  }

  /**
   * A node that names another one's peer follows that one. Of those who are named by their own, as nodes do not hear
   * everybody, one who speaks goes first, then the latest. While nobody is so named the last one stays.
   */
  #dominant(): PeerId | undefined {
    let best: Heard | undefined;
    for (const [node, heard] of this.#heard) {
      const { dominant } = heard.speakers;
      if (dominant === undefined || this.#nodeOf(dominant) !== node) continue;
      if (best === undefined || isBefore(heard, best)) best = heard;
    }
    if (best !== undefined) return best.speakers.dominant;
    const { dominant } = this.#told;
    return dominant !== undefined && this.#nodeOf(dominant) !== undefined ? dominant : undefined;
  }
}

/** Whether the dominant speaker is among those who speak now. */
function speaksStill({ dominant, active }: Speakers): boolean {
  return active.some(({ peerId }) => peerId === dominant);
}

function isBefore(a: Heard, b: Heard): boolean {
  const [aSpeaks, bSpeaks] = [speaksStill(a.speakers), speaksStill(b.speakers)];
  return aSpeaks === bSpeaks ? a.dominantChange > b.dominantChange : aSpeaks;
}

function isSame(a: Speakers, b: Speakers): boolean {
  if (a.dominant !== b.dominant || a.active.length !== b.active.length) return false;
  return a.active.every(({ peerId, level }, at) => peerId === b.active[at].peerId && level === b.active[at].level);
}
