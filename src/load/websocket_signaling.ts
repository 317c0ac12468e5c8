import { readAnswer } from "./answer.ts";
import type { Session, Signaling } from "./session.ts";
import { SignalingClient } from "./signaling_client.ts";

/** Joins rooms by this project's WebSocket: each peer has one of its own, for as long as it stays. */
export class WebSocketSignaling implements Signaling {
  readonly #url: string;
  readonly #token: string | undefined;

  /** `url` is as in `ws://127.0.0.1:8080/ws`. */
  constructor(url: string, token?: string) {
    this.#url = url;
    this.#token = token;
  }

  async open(_role: "whip" | "whep", roomName: string, offer: string): Promise<Session> {
    const client = await SignalingClient.open(this.#url, this.#token);
    try {
      await client.ask({ type: "join", roomId: roomName }, "welcome");
      const { sdp } = await client.ask({ type: "offer", sdp: offer }, "answer");
      return {
        answer: readAnswer(sdp),
        async end() {
          client.leave();
          await client.close();
        },
      };
    } catch (error) {
      // Why the peer could not join is what counts.
      await Promise.allSettled([client.close()]);
      throw error;
    }
  }
}
