import { getLogger } from "@logtape/logtape";
import type { TrackId } from "../sfu/types.ts";

const log = getLogger(["switchboard", "media"]);

/** Says that a track on its way between isolates has ended for those who receive it by the bus, by a fault of the server. */
export function logRelayFault(trackId: TrackId, detail: string): void {
  log.error("track {track} stands still in another isolate, by a fault of the server: {detail}", {
    track: trackId,
    detail,
  });
}
