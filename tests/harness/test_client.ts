import { portableCiphers } from "../../src/io/portable/cipher.ts";
import { RtpPacket } from "../../src/rtp/packet.ts";
import { classify } from "../../src/webrtc/classify.ts";
import type { RemoteAddress } from "../../src/webrtc/datagram.ts";
import type { SrtpKeying } from "../../src/webrtc/dtls.ts";
import { SrtpReceiver, SrtpSender } from "../../src/webrtc/srtp/srtp_session.ts";
import { writeBindingRequest } from "../../src/webrtc/stun_request.ts";
import type { LocalParameters } from "../../src/webrtc/transport_parameters.ts";
import { CLIENT_FINGERPRINT, DTLS_HELLO, fixedKeys } from "./keyed_dtls.ts";

/** Takes one datagram of the client: a transport under test, or a socket. */
export type SendDatagram = (bytes: Uint8Array, from: RemoteAddress) => void;

/**
 * The client's half of a transport: connects, encrypts and decrypts, under the keys of `keyedDtls` unless it is given
 * others. Neither socket nor clock.
 */
export class TestClient {
  readonly ufrag = "clie";
  readonly password = "clientclientclientclient";
  readonly fingerprints = [CLIENT_FINGERPRINT];
  address: RemoteAddress = { hostname: "192.0.2.1", port: 4000 };
  readonly #send: SendDatagram;
  #sender: SrtpSender;
  #receiver: SrtpReceiver;
  readonly #buffer = new Uint8Array(2048);
  #transaction = 0;

  constructor(send: SendDatagram) {
    this.#send = send;
    const keys = fixedKeys("SRTP_AEAD_AES_128_GCM");
    this.#sender = new SrtpSender(keys.profile, keys.remote, portableCiphers);
    this.#receiver = new SrtpReceiver(keys.profile, keys.local, portableCiphers);
  }

  /** Takes what a handshake has agreed on, named from the server's side. */
  useKeys({ profile, local, remote }: SrtpKeying): void {
    this.#sender = new SrtpSender(profile, remote, portableCiphers);
    this.#receiver = new SrtpReceiver(profile, local, portableCiphers);
  }

  /** What an offer would tell the server. */
  get remoteParameters() {
    return { ufrag: this.ufrag, password: this.password, fingerprints: this.fingerprints };
  }

  connect(server: Pick<LocalParameters, "ufrag" | "password">): void {
    this.check(server);
    this.hello();
  }

  /** All that `keyedDtls` wants of a handshake. */
  hello(): void {
    this.sendDatagram(DTLS_HELLO);
  }

  /**
   * One connectivity check (RFC 8445 section 7.2.2), which nominates unless it is told not to. Returns what each byte of
   * its transaction id is.
   */
  check(
    server: Pick<LocalParameters, "ufrag" | "password">,
    role: "controlling" | "controlled" = "controlling",
    useCandidate = true,
  ): number {
    const transactionId = new Uint8Array(12).fill(++this.#transaction);
    const length = writeBindingRequest(this.#buffer, {
      transactionId,
      username: `${server.ufrag}:${this.ufrag}`,
      password: server.password,
      priority: 1,
      role,
      useCandidate,
    });
    this.sendDatagram(this.#buffer.slice(0, length));
    return transactionId[0];
  }

  sendDatagram(bytes: Uint8Array): void {
    this.#send(bytes, this.address);
  }

  sendRtp(plain: Uint8Array): void {
    this.sendDatagram(this.protectRtp(plain));
  }

  protectRtp(plain: Uint8Array): Uint8Array {
    const packet = new RtpPacket();
    if (!packet.parse(plain, plain.length)) throw new TypeError("not an RTP packet");
    const out = new Uint8Array(plain.length + 16);
    out.set(plain.subarray(0, packet.headerLength));
    const payloadLength = plain.length - packet.headerLength;
    const length = this.#sender.protectRtp(out, packet.headerLength, plain, packet.headerLength, payloadLength);
    return out.subarray(0, length);
  }

  sendRtcp(plain: Uint8Array): void {
    const out = new Uint8Array(plain.length + 32);
    this.sendDatagram(out.slice(0, this.#sender.protectRtcp(out, plain, plain.length)));
  }

  /** Decrypts one datagram of the server in place; undefined where it is neither RTP nor RTCP, or not authentic. */
  open(bytes: Uint8Array): { readonly kind: "rtp" | "rtcp"; readonly plain: Uint8Array } | undefined {
    const kind = classify(bytes, bytes.length);
    if (kind !== "rtp" && kind !== "rtcp") return undefined;
    const receiver = this.#receiver;
    const length = kind === "rtp"
      ? receiver.unprotectRtp(bytes, bytes.length)
      : receiver.unprotectRtcp(bytes, bytes.length);
    return length < 0 ? undefined : { kind, plain: bytes.subarray(0, length) };
  }
}
