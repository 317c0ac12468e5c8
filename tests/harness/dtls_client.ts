import { Buffer } from "node:buffer";
import { DtlsClient, HashAlgorithm, SignatureAlgorithm } from "werift";
import type { DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import {
  ALERT,
  CLOSE_NOTIFY,
  type DtlsRecord,
  PROTECTED_EPOCH,
  readRecords,
  WARNING,
  writeRecord,
} from "../../src/io/dtls/record.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";

/** werift's type names the profiles of its own SRTP; its DTLS takes any. */
type WeriftProfile = NonNullable<DtlsClient["srtp"]["srtpProfile"]>;

/** werift's SessionType.CLIENT, which it does not export. */
const CLIENT = 1;

/** The flight with the client's certificate, keys and Finished. */
const FLIGHT_5 = 5;

export interface TestClientOptions {
  readonly certificate: DtlsCertificate;
  /** The key it signs with, where it is not the certificate's. */
  readonly keyPem?: string;
  readonly profiles: readonly SrtpProfile[];
  readonly extendedMasterSecret?: boolean;
  /** Called for each datagram that it sends. */
  readonly send: (datagram: Uint8Array) => void;
}

/** werift's DTLS client without a socket and without its timers: nothing is sent again unless `resend` is called. */
export class TestClient {
  readonly socket: DtlsClient;
  connections = 0;
  /** How often the server has sent close_notify, encrypted. */
  closes = 0;
  readonly #transport;
  readonly #send: (datagram: Uint8Array) => void;
  #flight = 0;
  #flightDatagrams: Uint8Array[] = [];

  constructor({ certificate, keyPem, profiles, extendedMasterSecret = true, send }: TestClientOptions) {
    this.#send = send;
    this.#transport = {
      type: "udp",
      address: { address: "0.0.0.0", family: "IPv4", port: 0 },
      closed: false,
      onData: (_data: Buffer, _from: readonly [string, number]) => {},
      send: (data: Buffer) => this.#transmit(data),
      close: () => Promise.resolve(),
    };
    this.socket = new DtlsClient({
      transport: this.#transport,
      cert: certificate.certPem,
      key: keyPem ?? certificate.keyPem,
      signatureHash: { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 },
      extendedMasterSecret,
      srtpProfiles: profiles.map((profile) => SRTP_PROFILES[profile].id) as WeriftProfile[],
    });
    this.socket.onConnect.subscribe(() => this.connections++);
  }

  /** Sends the first ClientHello. */
  async connect(): Promise<void> {
    await this.socket.connect().catch((error) => {
      if (!(error instanceof FlightSent)) throw error;
    });
  }

  handleDatagram(datagram: Uint8Array): void {
    const [record] = readRecords(datagram) ?? [];
    // werift takes the first bytes of an encrypted alert, the nonce, for the alert itself where they look like one.
    if (record?.type === ALERT && record.epoch === PROTECTED_EPOCH) return this.#handleAlert(record);
    this.#transport.onData(Buffer.from(datagram), ["0.0.0.0", 0]);
  }

  #handleAlert(record: DtlsRecord): void {
    const [level, description] = this.socket.cipher.cipher.decrypt(CLIENT, record.fragment, record);
    if (level === WARNING && description === CLOSE_NOTIFY) this.closes++;
  }

  /** Sends its last flight again. */
  resend(): void {
    for (const datagram of this.#flightDatagrams) this.#send(datagram);
  }

  sendApplicationData(bytes: Uint8Array): Promise<void> {
    return this.socket.send(Buffer.from(bytes));
  }

  /** Sends an encrypted record; `sequenceNumber` is apart from those that werift counts. */
  sendProtected(type: number, sequenceNumber: number, content: Uint8Array): void {
    const header = { type, version: 0xfefd, epoch: 1, sequenceNumber };
    const fragment = this.socket.cipher.cipher.encrypt(CLIENT, Buffer.from(content), header);
    this.#send(writeRecord(type, 1, sequenceNumber, fragment));
  }

  get remoteCertificate(): Uint8Array | undefined {
    return this.socket.remoteCertificate;
  }

  srtpKeys(profile: SrtpProfile): ReturnType<DtlsClient["extractSessionKeys"]> {
    const { keyLength, saltLength } = SRTP_PROFILES[profile];
    return this.socket.extractSessionKeys(keyLength, saltLength);
  }

  /** werift waits with a timer after each flight that it may have to repeat: the error, which it catches, prevents it. */
  #transmit(data: Buffer): Promise<void> {
    const { flight, lastMessage } = this.socket.dtls;
    if (flight !== this.#flight) this.#flightDatagrams = [];
    this.#flight = flight;
    if (flight <= FLIGHT_5) this.#flightDatagrams.push(data);
    this.#send(data);
    if (flight < FLIGHT_5 || data === lastMessage.at(-1)) throw new FlightSent();
    return Promise.resolve();
  }
}

class FlightSent extends Error {}
