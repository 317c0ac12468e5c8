import { ATTRIBUTE, BINDING_REQUEST, BINDING_SUCCESS, STUN_HEADER_LENGTH } from "../../webrtc/stun.ts";
import { writeBindingRequest } from "../../webrtc/stun_request.ts";
import { beginMessage } from "../../webrtc/stun_writer.ts";
import type { Endpoint, Path } from "./path.ts";
import { xorAddressOf } from "./stun_attributes.ts";
import { newTransactionId, transact } from "./stun_transaction.ts";

/** The credentials of both sides (RFC 8445 section 7.2.2). */
export interface IceCredentials {
  readonly ufrag: string;
  readonly password: string;
  readonly ownUfrag: string;
}

/** Of a peer-reflexive candidate of component 1 (RFC 8445 section 5.1.2.1). */
const PRIORITY = 110 * 2 ** 24 + 65535 * 2 ** 8 + 255;
const MAX_REQUEST = 512;

/**
 * A connectivity check that nominates, as a browser's (RFC 8445 section 7). Gives the round trip in ms; undefined where no
 * authentic success comes back.
 */
export async function checkConnectivity(path: Path, credentials: IceCredentials): Promise<number | undefined> {
  const { ufrag, password, ownUfrag } = credentials;
  const buffer = new Uint8Array(MAX_REQUEST);
  const length = writeBindingRequest(buffer, {
    transactionId: newTransactionId(),
    username: `${ufrag}:${ownUfrag}`,
    password,
    priority: PRIORITY,
    role: "controlling",
    useCandidate: true,
  });
  const answer = await transact(path, buffer.subarray(0, length));
  if (answer?.message.type !== BINDING_SUCCESS || !answer.message.hasValidIntegrity(password)) return undefined;
  return answer.roundTripMs;
}

/** The address that a STUN server sees us at; undefined where it does not answer (RFC 8489 section 2). */
export async function askPublicAddress(path: Path): Promise<Endpoint | undefined> {
  const request = new Uint8Array(STUN_HEADER_LENGTH);
  beginMessage(request, BINDING_REQUEST, newTransactionId(), 0);
  const answer = await transact(path, request);
  return answer && xorAddressOf(answer.message, ATTRIBUTE.XOR_MAPPED_ADDRESS);
}
