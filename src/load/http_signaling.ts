import { messageOf } from "../webrtc/error_message.ts";
import { readAnswer } from "./answer.ts";
import type { Reach } from "./reach.ts";
import type { Session, Signaling } from "./session.ts";

/** Characters of an answer that refuses, which are told. */
const MAX_PROBLEM = 200;

export interface HttpSignalingOptions {
  /** Endpoints of WHIP and WHEP, as in `http://127.0.0.1:8080/{room}/whip`, where `{room}` stands for the room. */
  readonly whip: string;
  readonly whep: string;
  /** For `Authorization: Bearer`; undefined: none is sent. */
  readonly token: string | undefined;
  readonly reach: Reach;
}

/** POSTs offers to WHIP (RFC 9725) and WHEP endpoints, without trickling, and DELETEs sessions. */
export class HttpSignaling implements Signaling {
  readonly #options: HttpSignalingOptions;

  constructor(options: HttpSignalingOptions) {
    this.#options = options;
  }

  open(role: "whip" | "whep", roomName: string, offer: string): Promise<Session> {
    const { token, reach } = this.#options;
    const endpoint = endpointOf(this.#options[role], roomName);
    return openHttpSession(endpoint, offer, reach, token === undefined ? {} : { Authorization: `Bearer ${token}` });
  }
}

/** The URL of a room's endpoint. */
export function endpointOf(template: string, roomName: string): string {
  return template.replaceAll("{room}", encodeURIComponent(roomName));
}

/** Throws where the server may not be sent to, or refuses the offer. */
export async function openHttpSession(
  endpoint: string,
  offer: string,
  reach: Reach,
  headers: Readonly<Record<string, string>> = {},
): Promise<Session> {
  checkReach(reach, new URL(endpoint));
  const response = await request(endpoint, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/sdp" },
    body: offer,
  });
  const text = await response.text();
  if (response.status !== 201) {
    throw new Error(`${endpoint} answers ${response.status}: ${text.slice(0, MAX_PROBLEM)}`);
  }
  const location = response.headers.get("Location");
  return { answer: readAnswer(text), end: () => endSession(location, endpoint, reach, headers) };
}

/** A server that names no session, as some do, ends it when the peer falls silent. */
async function endSession(
  location: string | null,
  endpoint: string,
  reach: Reach,
  headers: Readonly<Record<string, string>>,
): Promise<void> {
  if (location === null) return;
  const url = new URL(location, endpoint);
  checkReach(reach, url);
  const ended = await request(url.href, { method: "DELETE", headers });
  await ended.body?.cancel();
}

/** Throws where nobody answers. */
async function request(url: string, init: RequestInit): Promise<Response> {
  try {
    // A redirection could lead to a host that nobody has allowed.
    return await fetch(url, { ...init, redirect: "manual" });
  } catch (error) {
    throw new Error(`${url} cannot be reached: ${messageOf(error)}`);
  }
}

function checkReach(reach: Reach, url: URL): void {
  const refusal = reach.refusalOf(url);
  if (refusal !== undefined) throw new Error(refusal);
}
