import { readOffer } from "../../tests/harness/recorded_offers.ts";
import { SignalingSocket } from "../../tests/harness/signaling_socket.ts";
import type { IceCredentials } from "./connection.ts";
import { readAnswer, type Session } from "./session.ts";

/** Chromium's, with all codecs that it has: microphone and camera are sent, and those of another peer received. */
const OFFER = readOffer("chromium/receive-2-added.sdp");

export interface WebSocketSessionRequest {
  /** As in `http://127.0.0.1:8080`. */
  readonly url: string;
  readonly roomId: string;
  readonly local: IceCredentials;
  readonly fingerprint: string;
  /** Where the server asks for one. */
  readonly token?: string | undefined;
}

/** Joins a room by `/ws`, and publishes and receives there. Throws where the server refuses. */
export async function openWebSocketSession(
  { url, roomId, local, fingerprint, token }: WebSocketSessionRequest,
): Promise<Session> {
  const socket = await SignalingSocket.open(`${url.replace(/^http/, "ws")}/ws`, token);
  socket.send({ type: "join", roomId });
  await socket.receive("welcome");
  const sdp = OFFER.replace(/^a=ice-ufrag:.*$/gm, `a=ice-ufrag:${local.ufrag}`)
    .replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${local.password}`)
    .replace(/^a=fingerprint:.*$/gm, `a=fingerprint:sha-256 ${fingerprint}`);
  socket.send({ type: "offer", sdp });
  const answer = await socket.receive("answer");
  return readAnswer(answer.sdp, async () => {
    socket.send({ type: "leave" });
    await socket.close();
  });
}
