import { Buffer } from "node:buffer";
import { RTCPeerConnection, type RTCRtpTransceiver, RtpHeader, RtpPacket, useSdesMid, useVP8 } from "werift";
import type { HttpRole } from "../../src/signaling/http_session.ts";
import { Journal } from "./journal.ts";
import { VP8_KEY_FRAME } from "./rtp_builder.ts";
import { flightTimers, prepareTransport } from "./werift_transport.ts";

const PICTURE_MS = 20;

/** A client of WHIP or WHEP with one picture, over real sockets: an offer by POST, media by werift. */
export class HttpMediaClient implements AsyncDisposable {
  /** Packets that came. */
  readonly received = new Journal<RtpPacket>();
  /** The URL of its session, once it has one. */
  session = "";
  readonly #connection: RTCPeerConnection;
  readonly #transceiver: RTCRtpTransceiver;
  #sending: ReturnType<typeof setInterval> | undefined;
  #flightsOver = () => Promise.resolve();

  private constructor(role: HttpRole) {
    this.#connection = new RTCPeerConnection({
      codecs: { video: [useVP8({ payloadType: 96 })] },
      headerExtensions: { video: [useSdesMid()] },
      iceServers: [],
      iceUseIpv4: false,
      iceUseIpv6: false,
      iceUseTcp: false,
      iceAdditionalHostAddresses: ["127.0.0.1"],
      iceInterfaceAddresses: { udp4: "127.0.0.1" },
      bundlePolicy: "max-bundle",
    });
    const direction = role === "whip" ? "sendonly" : "recvonly";
    this.#transceiver = this.#connection.addTransceiver("video", { direction });
  }

  /** Posts an offer to the endpoint of a room, with these fields, and waits until media can flow. */
  static async connect(
    url: string,
    role: HttpRole,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<HttpMediaClient> {
    const client = new HttpMediaClient(role);
    const connection = client.#connection;
    const states = new Journal<string>();
    connection.connectionStateChange.subscribe((state) => states.add(state));
    const offer = await connection.createOffer();
    const [transport] = connection.dtlsTransports;
    prepareTransport(transport, undefined);
    client.#flightsOver = flightTimers(transport);
    transport.onRtp.subscribe((packet) => client.received.add(packet));
    await connection.setLocalDescription(offer);
    const response = await fetch(url, {
      method: "POST",
      headers: { "Content-Type": "application/sdp", ...headers },
      body: connection.localDescription?.sdp ?? offer.sdp,
    });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(`the offer was refused: ${answer}`);
    client.session = new URL(response.headers.get("Location") ?? "", url).href;
    await connection.setRemoteDescription({ type: "answer", sdp: answer });
    await states.find((state) => state === "connected", "a connected transport");
    return client;
  }

  /** Sends pictures of one packet each, of so many bytes, until it is closed; all of them are key frames. */
  sendPictures(bytes = VP8_KEY_FRAME.length): void {
    const payload = Buffer.alloc(bytes);
    payload.set(VP8_KEY_FRAME);
    let sequenceNumber = 0;
    this.#sending = setInterval(() => {
      const header = new RtpHeader({ sequenceNumber, timestamp: sequenceNumber * 3000, marker: true });
      sequenceNumber++;
      void this.#transceiver.sender.sendRtp(new RtpPacket(header, payload));
    }, PICTURE_MS);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sending);
    await this.#connection.close();
    await this.#flightsOver();
  }
}
