import { getLogger } from "@logtape/logtape";
import type { OpenPeerMedia, PeerEvent, PeerEventHandler, PeerOpening } from "../media/messages.ts";
import { NoCapacityError } from "../media/no_capacity_error.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { candidateLines } from "./addresses.ts";
import type { Backend } from "./backend.ts";
import type { Captures } from "./captures.ts";
import type { HostedMedia } from "./media_host.ts";

const log = getLogger(["switchboard", "room"]);

export interface MediaPlace {
  readonly backend: Pick<Backend, "media" | "tcpPort">;
  /** Address that UDP sockets bind to. */
  readonly hostname: string;
  /** Addresses for candidates, best first; asked for each ICE generation. */
  readonly addresses: () => readonly string[];
}

/**
 * Makes the media of peers: a fault of the server in what a peer's media tells ends that peer and no other (rule P7). What is
 * captured of a peer is no business of its signaling.
 */
export function mediaOpener(place: MediaPlace, captures: Captures): OpenPeerMedia {
  return (opening, handleEvent) => {
    const guarded = (event: PeerEvent, nowMs: number) => {
      try {
        if (event.type === "captured") captured.handleBatch(event.batch);
        else handleEvent(event, nowMs);
      } catch (error) {
        endByFault(handleEvent, error, nowMs);
      }
    };
    const { port, send } = openPeer(place, opening, guarded);
    const captured = captures.open(opening.roomId, opening.peerId, send);
    const { addresses, backend: { tcpPort } } = place;
    return {
      get candidates() {
        return candidateLines(addresses(), port, tcpPort);
      },
      send(command) {
        if (command.type === "close") captured.close();
        send(command);
      },
    };
  };
}

function openPeer({ backend, hostname }: MediaPlace, opening: PeerOpening, handleEvent: PeerEventHandler): HostedMedia {
  try {
    return backend.media.openPeer(hostname, opening, handleEvent);
  } catch (cause) {
    log.error("a peer is refused, as there is no media for it: {cause}", { cause });
    throw new NoCapacityError({ cause });
  }
}

function endByFault(handleEvent: PeerEventHandler, error: unknown, nowMs: number): void {
  try {
    handleEvent({ type: "ended", reason: "fault", detail: messageOf(error) }, nowMs);
  } catch (again) {
    log.error("a peer could not end in order: {error}", { error: again });
  }
}
