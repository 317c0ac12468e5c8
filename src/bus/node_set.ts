import type { NodeId } from "../media/media_bus.ts";

/** The lowest node of a set that is not empty. `set & (set - 1)` is the set without it. */
export function lowestNode(set: number): NodeId {
  return 31 - Math.clz32(set & -set);
}

/** How many nodes of a set are lower than `node`. */
export function countBelow(set: number, node: NodeId): number {
  let count = 0;
  for (let rest = set & ((1 << node) - 1); rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** The nodes from 0 to `count` - 1, without `node`. */
export function otherNodes(count: number, node: NodeId): number {
  return ((1 << count) - 1) & ~(1 << node);
}
