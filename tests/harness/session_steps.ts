import assert from "node:assert/strict";
import type { ServerMessage } from "../../src/signaling/messages.ts";
import { buildOffer, type OfferLine } from "./offer_builder.ts";
import { credentialsOf, type SignalingClient } from "./signaling_room.ts";

export const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };

/** The SDP of the answer among the messages. */
export function answerOf(messages: readonly ServerMessage[]): string {
  const answer = messages.find((message) => message.type === "answer");
  assert.ok(answer, `no answer in ${JSON.stringify(messages)}`);
  return answer.sdp;
}

/** Error codes, and the types of what is no error. */
export function codes(messages: readonly ServerMessage[]): string[] {
  return messages.map((message) => message.type === "error" ? message.code : message.type);
}

/** Offers the lines and completes ICE and DTLS. */
export function connect(client: SignalingClient, lines: readonly OfferLine[] = [CAMERA]): void {
  const answer = answerOf(client.say({ type: "offer", sdp: buildOffer(lines) }));
  client.client.connect(credentialsOf(answer));
  assert.equal(client.participant?.connection.connected, true);
}
