import { writeUint32 } from "../rtp/bytes.ts";
import { ATTRIBUTE, BINDING_REQUEST, paddedLength, STUN_HEADER_LENGTH } from "./stun.ts";
import { beginMessage, endMessage, TRAILER_LENGTH, writeAscii, writeAttribute } from "./stun_writer.ts";

/** A connectivity check as a client sends it (RFC 8445 section 7.1). */
export interface BindingRequest {
  /** 12 bytes. */
  readonly transactionId: Uint8Array;
  /** ASCII: the ufrag of the agent that is asked, a colon, the ufrag of the one that asks. */
  readonly username: string;
  /** The password of the agent that is asked. */
  readonly password: string;
  /** That of a peer-reflexive candidate, below 2^31; without it the attribute is left out. */
  readonly priority?: number;
  readonly role?: "controlling" | "controlled";
  /** The upper and the lower 32 bits. */
  readonly tieBreaker?: readonly [number, number];
  readonly useCandidate?: boolean;
}

/** Header, PRIORITY, USE-CANDIDATE, the role, the header of USERNAME, MESSAGE-INTEGRITY and FINGERPRINT. */
const LENGTH_WITHOUT_USERNAME = STUN_HEADER_LENGTH + 8 + 4 + 12 + 4 + TRAILER_LENGTH;

/** Writes a binding request and returns its length, 0 where `buffer` is too small for it. */
export function writeBindingRequest(buffer: Uint8Array, request: BindingRequest): number {
  const { username, priority, role, useCandidate } = request;
  if (buffer.length < LENGTH_WITHOUT_USERNAME + paddedLength(username.length)) return 0;
  let offset = beginMessage(buffer, BINDING_REQUEST, request.transactionId, 0);
  offset = writeUsername(buffer, offset, username);
  if (role !== undefined) offset = writeRole(buffer, offset, role, request.tieBreaker ?? [0, 0]);
  if (useCandidate) offset = writeAttribute(buffer, offset, ATTRIBUTE.USE_CANDIDATE, 0);
  if (priority !== undefined) offset = writePriority(buffer, offset, priority);
  return endMessage(buffer, offset, request.password);
}

function writeUsername(buffer: Uint8Array, offset: number, username: string): number {
  const end = writeAttribute(buffer, offset, ATTRIBUTE.USERNAME, username.length);
  writeAscii(buffer, offset + 4, username);
  return end;
}

function writePriority(buffer: Uint8Array, offset: number, priority: number): number {
  const end = writeAttribute(buffer, offset, ATTRIBUTE.PRIORITY, 4);
  writeUint32(buffer, offset + 4, priority);
  return end;
}

function writeRole(
  buffer: Uint8Array,
  offset: number,
  role: "controlling" | "controlled",
  tieBreaker: readonly [number, number],
): number {
  const type = role === "controlling" ? ATTRIBUTE.ICE_CONTROLLING : ATTRIBUTE.ICE_CONTROLLED;
  const end = writeAttribute(buffer, offset, type, 8);
  writeUint32(buffer, offset + 4, tieBreaker[0]);
  writeUint32(buffer, offset + 8, tieBreaker[1]);
  return end;
}
