import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { SRTP_PROFILE_PREFERENCE } from "../../src/webrtc/srtp/profile.ts";
import { TestClient } from "./dtls_client.ts";
import { buildOffer } from "./offer_builder.ts";
import { candidateAddress } from "./sdp_sections.ts";
import { credentialsOf } from "./signaling_room.ts";
import { SignalingSocket } from "./signaling_socket.ts";
import { UdpTestClient } from "./udp_test_client.ts";

/** A peer whose address ICE has proven, and whose DTLS handshake is the test's business. */
export class HalfPeer implements AsyncDisposable {
  readonly signaling: SignalingSocket;
  readonly media: UdpTestClient;

  private constructor(signaling: SignalingSocket, media: UdpTestClient) {
    this.signaling = signaling;
    this.media = media;
  }

  /** Joins, offers to publish, and proves its address, which is another one of this machine where it is given. */
  static async join(url: string, roomId: string, address?: string): Promise<HalfPeer> {
    const signaling = await SignalingSocket.open(url);
    signaling.send({ type: "join", roomId });
    await signaling.receive("welcome");
    const sdp = buildOffer([{ mid: "0", kind: "video", direction: "inactive" }]);
    signaling.send({ type: "offer", sdp });
    const answer = await signaling.receive("answer");
    const media = new UdpTestClient(candidateAddress(answer.sdp).port);
    if (address !== undefined) media.use(media.openPath(address));
    media.client.check(credentialsOf(answer.sdp));
    await media.received.find(({ kind }) => kind === "stun", "the answer to a check");
    return new HalfPeer(signaling, media);
  }

  /** Until the server has answered by DTLS. */
  async answered(): Promise<void> {
    await this.media.received.find(({ kind }) => kind === "dtls", "an answer to ClientHello");
  }

  /** DTLS datagrams that the server has sent. */
  get answers(): number {
    return this.media.received.entries.filter(({ kind }) => kind === "dtls").length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signaling.close();
    await this.media.close();
  }
}

/** The first datagram of a client that would go on. */
export async function clientHello(): Promise<Uint8Array> {
  const sent: Uint8Array[] = [];
  const send = (datagram: Uint8Array) => void sent.push(datagram.slice());
  await new TestClient({ certificate: createCertificate(Date.now()), profiles: SRTP_PROFILE_PREFERENCE, send })
    .connect();
  assert.equal(sent.length, 1);
  return sent[0];
}
