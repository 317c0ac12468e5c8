import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import type { IceCredentials } from "./connection.ts";
import { readAnswer, type Session } from "./session.ts";

export interface HttpSessionRequest {
  /** As in `http://127.0.0.1:8080/whip/room`. */
  readonly endpoint: string;
  readonly lines: readonly OfferLine[];
  readonly local: IceCredentials;
  readonly fingerprint: string;
  /** Where the server asks for one. */
  readonly token?: string | undefined;
}

/** POSTs an offer (RFC 9725). Throws where the server refuses it. */
export async function openHttpSession(
  { endpoint, lines, local, fingerprint, token }: HttpSessionRequest,
): Promise<Session> {
  const authorization: Record<string, string> = token === undefined ? {} : { "Authorization": `Bearer ${token}` };
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/sdp", ...authorization },
    body: buildOffer(lines, { ...local, fingerprint }),
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${endpoint} answers ${response.status}: ${answer}`);
  const url = new URL(response.headers.get("Location") ?? "", response.url);
  return readAnswer(answer, async () => {
    const ended = await fetch(url, { method: "DELETE", headers: authorization });
    await ended.body?.cancel();
  });
}
