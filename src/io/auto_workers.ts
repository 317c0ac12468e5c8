import { MAX_NODES } from "../media/media_bus.ts";

/** Workers that share rooms are nodes of one bus. */
export const MAX_WORKERS = MAX_NODES;
/** Beyond that rooms are spread so thin that more of their media crosses than is forwarded where it came. */
const MAX_AUTO = 8;

/** Media workers for so many processors: one for each but the one that handshakes and signaling have. */
export function autoWorkers(processors: number): number {
  return Math.min(Math.max(processors - 1, 1), MAX_AUTO);
}
