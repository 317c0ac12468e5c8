import type { Answer } from "./answer.ts";

/** What an offer came to, by whatever signaling. */
export interface Session {
  readonly answer: Answer;
  /** Tells the server that the peer leaves. */
  end(): Promise<void>;
}

/** How a server is told of peers. */
export interface Signaling {
  /** Opens a session for one peer, by its offer. Throws where the server refuses. */
  open(role: "whip" | "whep", roomName: string, offer: string): Promise<Session>;
}
