import { candidateAddress, type SdpSection, sdpSections } from "../../tests/harness/sdp_sections.ts";
import type { IceCredentials } from "./connection.ts";

/** What an offer came to, by whatever signaling. */
export interface Session {
  readonly remote: IceCredentials;
  readonly address: { readonly hostname: string; readonly port: number };
  /** The m-lines of the answer. */
  readonly sections: readonly SdpSection[];
  /** Tells the server that the peer leaves. */
  end(): Promise<void>;
}

export function readAnswer(answer: string, end: () => Promise<void>): Session {
  return {
    remote: { ufrag: attribute(answer, "ice-ufrag"), password: attribute(answer, "ice-pwd") },
    address: candidateAddress(answer),
    sections: sdpSections(answer),
    end,
  };
}

function attribute(sdp: string, name: string): string {
  const value = new RegExp(`^a=${name}:(\\S+)`, "m").exec(sdp)?.[1];
  if (value === undefined) throw new Error(`the answer has no ${name}`);
  return value;
}
