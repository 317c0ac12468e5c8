import assert from "node:assert/strict";
import type { RtpPacket } from "werift";
import type { Journal } from "./journal.ts";
import { WeriftClient } from "./werift_client.ts";

/** The port that the server has for the media of a client. */
export function portOf({ answer }: WeriftClient): number {
  return Number(/ udp \d+ \S+ (\d+) typ host/.exec(answer)?.[1]);
}

/** Comes back with another connection, as a client does that is closed with 4003. */
export async function comeBack(signalingUrl: string, lost: WeriftClient): Promise<WeriftClient> {
  const { code, reason, wasClean } = await lost.signaling.closed;
  assert.deepEqual({ code, reason, wasClean }, { code: 4003, reason: "media-lost", wasClean: true });
  const client = await WeriftClient.join(signalingUrl, "room", { resume: lost.resumeToken });
  assert.deepEqual([client.id, client.welcome.media], [lost.id, "new"]);
  return client;
}

/** Receives the first track that there is, which is video. */
export async function watchVideo(client: WeriftClient): Promise<Journal<RtpPacket>> {
  const [{ id }] = client.welcome.peers.flatMap(({ tracks }) => tracks);
  const subscription = client.subscribe("video", id);
  await client.connect();
  return client.streamOf(subscription);
}
