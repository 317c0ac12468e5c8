import { MAX_NODES, type NodeId } from "../media/media_bus.ts";
import { Standstill } from "../signaling/standstill.ts";

/** A node of which nothing was heard for so long is forgotten: its rooms have let go of it long before (B411). */
export const FORGET_MS = 10_000;
/** The alias of this node itself. */
export const OWN_ALIAS: NodeId = 0;

/** What a name is made of: it is a token of subjects. */
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

interface NamedNode {
  readonly name: string;
  heardMs: number;
}

/**
 * The numbers that this process gives to the names of other nodes, with which it shares rooms at present: what is behind a
 * bus knows nodes by small numbers, of which each process has its own, while over the wire they have names. So there may be
 * any number of nodes, and each shares rooms with 30 others at once.
 */
export class NodeNames {
  readonly own: string;
  readonly #aliases = new Map<string, NodeId>();
  /** By alias. */
  readonly #nodes: (NamedNode | undefined)[] = new Array(MAX_NODES).fill(undefined);
  readonly #releaseHandlers: ((alias: NodeId, name: string) => void)[] = [];
  readonly #standstill: Standstill;

  constructor(own: string, nowMs: number) {
    this.own = own;
    this.#standstill = new Standstill(FORGET_MS / 2, nowMs);
    this.#aliases.set(own, OWN_ALIAS);
  }

  /** How many other nodes have an alias. */
  get size(): number {
    return this.#aliases.size - 1;
  }

  /** Takes note that a node was heard. Gives it an alias where it has none; undefined where none is left, or it is no name. */
  aliasOf(name: string, nowMs: number): NodeId | undefined {
    const known = this.#aliases.get(name);
    if (known !== undefined) {
      const node = this.#nodes[known];
      if (node !== undefined) node.heardMs = nowMs;
      return known;
    }
    const free = this.#nodes.indexOf(undefined, OWN_ALIAS + 1);
    if (free < 0 || !NAME.test(name)) return undefined;
    this.#nodes[free] = { name, heardMs: nowMs };
    this.#aliases.set(name, free);
    return free;
  }

  /** Undefined where no node has the alias. */
  nameOf(alias: NodeId): string | undefined {
    return alias === OWN_ALIAS ? this.own : this.#nodes[alias]?.name;
  }

  /** Calls `handle` for each node that is forgotten, before its alias is given to another one. */
  onRelease(handle: (alias: NodeId, name: string) => void): void {
    this.#releaseHandlers.push(handle);
  }

  /** Forgets who was not heard for FORGET_MS. To be called once a second or more often. */
  handleTimeout(nowMs: number): void {
    const stoodStill = this.#standstill.endsAt(nowMs);
    for (const [alias, node] of this.#nodes.entries()) {
      if (node === undefined) continue;
      if (stoodStill) node.heardMs = nowMs;
      else if (nowMs >= node.heardMs + FORGET_MS) this.#release(alias, node.name);
    }
  }

  #release(alias: NodeId, name: string): void {
    this.#aliases.delete(name);
    this.#nodes[alias] = undefined;
    for (const handle of this.#releaseHandlers) handle(alias, name);
  }
}
