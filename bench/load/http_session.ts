import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { candidateAddress, type SdpSection, sdpSections } from "../../tests/harness/sdp_sections.ts";
import type { IceCredentials } from "./connection.ts";

/** What a POST to WHIP or WHEP came to. */
export interface HttpSession {
  /** To be deleted at the end. */
  readonly url: URL;
  readonly remote: IceCredentials;
  readonly address: { readonly hostname: string; readonly port: number };
  /** The m-lines of the answer. */
  readonly sections: readonly SdpSection[];
}

export interface SessionRequest {
  /** As in `http://127.0.0.1:8080/whip/room`. */
  readonly endpoint: string;
  readonly lines: readonly OfferLine[];
  readonly local: IceCredentials;
  readonly fingerprint: string;
}

/** POSTs an offer (RFC 9725). Throws where the server refuses it. */
export async function openSession({ endpoint, lines, local, fingerprint }: SessionRequest): Promise<HttpSession> {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: buildOffer(lines, { ...local, fingerprint }),
  });
  const answer = await response.text();
  if (response.status !== 201) throw new Error(`${endpoint} answers ${response.status}: ${answer}`);
  return {
    url: new URL(response.headers.get("Location") ?? "", response.url),
    remote: { ufrag: attribute(answer, "ice-ufrag"), password: attribute(answer, "ice-pwd") },
    address: candidateAddress(answer),
    sections: sdpSections(answer),
  };
}

export async function endSession({ url }: HttpSession): Promise<void> {
  const response = await fetch(url, { method: "DELETE" });
  await response.body?.cancel();
}

function attribute(sdp: string, name: string): string {
  const value = new RegExp(`^a=${name}:(\\S+)`, "m").exec(sdp)?.[1];
  if (value === undefined) throw new Error(`the answer has no ${name}`);
  return value;
}
