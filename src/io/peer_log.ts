import { getLogger } from "@logtape/logtape";
import type { LeaveReason, Participant } from "../signaling/participant.ts";

const roomLog = getLogger(["switchboard", "room"]);
const iceLog = getLogger(["switchboard", "ice"]);
const dtlsLog = getLogger(["switchboard", "dtls"]);

/** A peer and its room, as logs name them. */
export function describe(participant: Participant): { peer: string; room: string } {
  return { peer: participant.peer.id, room: participant.room.id };
}

export function logJoined(participant: Participant): void {
  roomLog.info("peer {peer} joined room {room}", describe(participant));
}

export function logResumed(participant: Participant): void {
  roomLog.info("peer {peer} resumed in room {room}", describe(participant));
}

export function logLeft(participant: Participant, reason: LeaveReason, detail: string): void {
  roomLog.info("peer {peer} left room {room}: {reason} {detail}", { ...describe(participant), reason, detail });
}

export function logConnected(participant: Participant): void {
  const { hostname, port, transport = "udp" } = participant.remoteAddress ?? { hostname: "?", port: 0 };
  const address = { ...describe(participant), hostname, port, transport };
  iceLog.debug("media of peer {peer} goes to {hostname}:{port} by {transport}", address);
  dtlsLog.debug("peer {peer} is authenticated", describe(participant));
}

export function logFailed(participant: Participant, detail: string): void {
  roomLog.error("peer {peer} is closed by a fault of the server: {detail}", { ...describe(participant), detail });
}

export function logMediaLost(participant: Participant, detail: string): void {
  const words = "peer {peer} in room {room} may resume: its media is lost by a fault of the server: {detail}";
  roomLog.error(words, { ...describe(participant), detail });
}
