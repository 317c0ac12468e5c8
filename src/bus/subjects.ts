import type { RoomId } from "../sfu/types.ts";

// Subjects are tokens of letters, digits, `_` and `-`, joined by dots (see Broker).

const PREFIX = /^[A-Za-z0-9_-]{1,64}(?:\.[A-Za-z0-9_-]{1,64}){0,7}$/;

/** Whether subjects may begin so: one token, or several. */
export function isPrefix(text: string): boolean {
  return PREFIX.test(text);
}

/** What nodes tell each other of a room, which may have any name. */
export function roomSubject(prefix: string, roomId: RoomId): string {
  const token = new TextEncoder().encode(roomId).toBase64({ alphabet: "base64url", omitPadding: true });
  return `${prefix}.room.${token}`;
}

/** What all nodes tell all others of themselves. */
export function nodesSubject(prefix: string): string {
  return `${prefix}.nodes`;
}

/** What is for one node alone. */
export function nodeSubject(prefix: string, name: string): string {
  return `${prefix}.node.${name}`;
}

/** The packets of one stream of a node, of which `stream` is the token. */
export function mediaSubject(prefix: string, name: string, relay: number, stream: string): string {
  return `${prefix}.media.${name}.${relay}.${stream}`;
}
