import { readAnswer } from "./answer.ts";
import type { Session, Signaling } from "./session.ts";

/** POSTs offers to WHIP (RFC 9725) and WHEP endpoints, as in `http://127.0.0.1:8080/whip/room`. */
export class HttpSignaling implements Signaling {
  readonly #url: string;
  readonly #token: string | undefined;

  /** `url` is as in `http://127.0.0.1:8080`; `token` is what the server asks for, undefined where it asks for none. */
  constructor(url: string, token: string | undefined) {
    this.#url = url;
    this.#token = token;
  }

  open(role: "whip" | "whep", roomName: string, offer: string): Promise<Session> {
    return openHttpSession(`${this.#url}/${role}/${roomName}`, offer, this.#token);
  }
}

/** Throws where the server refuses the offer. */
export async function openHttpSession(endpoint: string, offer: string, token?: string): Promise<Session> {
  const authorization: Record<string, string> = token === undefined ? {} : { "Authorization": `Bearer ${token}` };
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", ...authorization },
    body: offer,
  });
  const text = await response.text();
  if (response.status !== 201) throw new Error(`${endpoint} answers ${response.status}: ${text}`);
  const url = new URL(response.headers.get("Location") ?? "", response.url);
  return {
    answer: readAnswer(text),
    async end() {
      const ended = await fetch(url, { method: "DELETE", headers: authorization });
      await ended.body?.cancel();
    },
  };
}
