import { type Clock, systemClock } from "../io/clock.ts";
import { messageOf } from "../webrtc/error_message.ts";
import { readAnswer } from "./answer.ts";
import type { Reach } from "./reach.ts";
import type { Session, Signaling } from "./session.ts";

/** Characters of an answer that refuses, which are told. */
const MAX_PROBLEM = 200;
const REPLY_TIMEOUT_MS = 20_000;

export interface HttpSignalingOptions {
  /** Endpoints of WHIP and WHEP, as in `http://127.0.0.1:8080/{room}/whip`, where `{room}` stands for the room. */
  readonly whip: string;
  readonly whep: string;
  /** For `Authorization: Bearer`; undefined: none is sent. */
  readonly token: string | undefined;
  readonly reach: Reach;
  readonly clock?: Clock;
}

/** POSTs offers to WHIP (RFC 9725) and WHEP endpoints, without trickling, and DELETEs sessions. */
export class HttpSignaling implements Signaling {
  readonly #options: HttpSignalingOptions;

  constructor(options: HttpSignalingOptions) {
    this.#options = options;
  }

  open(role: "whip" | "whep", roomName: string, offer: string): Promise<Session> {
    const { token, reach, clock } = this.#options;
    const endpoint = endpointOf(this.#options[role], roomName);
    const headers = token === undefined ? undefined : { Authorization: `Bearer ${token}` };
    return openHttpSession(endpoint, offer, reach, headers, clock);
  }
}

/** The URL of a room's endpoint. */
export function endpointOf(template: string, roomName: string): string {
  return template.replaceAll("{room}", encodeURIComponent(roomName));
}

/** Throws where the server may not be sent to, refuses the offer, or says nothing. */
export async function openHttpSession(
  endpoint: string,
  offer: string,
  reach: Reach,
  headers: Readonly<Record<string, string>> = {},
  clock = systemClock,
): Promise<Session> {
  checkReach(reach, new URL(endpoint));
  const { response, text } = await request(clock, endpoint, {
    method: "POST",
    headers: { ...headers, "Content-Type": "application/sdp" },
    body: offer,
  });
  if (response.status !== 201) {
    throw new Error(`${endpoint} answers ${response.status}: ${text.slice(0, MAX_PROBLEM)}`);
  }
  const location = response.headers.get("Location");
  return {
    answer: readAnswer(text),
    async end() {
      // A server that names no session, as some do, ends it when the peer falls silent.
      if (location === null) return;
      const url = new URL(location, endpoint);
      checkReach(reach, url);
      await request(clock, url.href, { method: "DELETE", headers });
    },
  };
}

/** Throws where nobody answers. */
async function request(clock: Clock, url: string, init: RequestInit) {
  const controller = new AbortController();
  const reason = new Error(`no answer within ${REPLY_TIMEOUT_MS / 1000} s`);
  const deadline = clock.setTimeout(() => controller.abort(reason), REPLY_TIMEOUT_MS);
  try {
    // A redirection could lead to a host that nobody has allowed.
    const response = await fetch(url, { ...init, redirect: "manual", signal: controller.signal });
    return { response, text: await response.text() };
  } catch (error) {
    throw new Error(`${url} cannot be reached: ${messageOf(error)}`);
  } finally {
    clock.clearTimeout(deadline);
  }
}

function checkReach(reach: Reach, url: URL): void {
  const refusal = reach.refusalOf(url);
  if (refusal !== undefined) throw new Error(refusal);
}
