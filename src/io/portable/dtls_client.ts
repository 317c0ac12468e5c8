import { Buffer } from "node:buffer";
import { DtlsClient, HashAlgorithm, SignatureAlgorithm } from "werift";
import { SRTP_PROFILE_PREFERENCE, SRTP_PROFILES } from "../../webrtc/srtp/profile.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { HANDSHAKE, readRecords, writeRecord } from "../dtls/record.ts";

/** werift's type names the profiles of its own SRTP; its DTLS takes any. */
type WeriftProfile = NonNullable<DtlsClient["srtp"]["srtpProfile"]>;

const NOWHERE = { address: "0.0.0.0", family: "IPv4", port: 0 };

/** The flight with the client's certificate, keys and Finished. */
const LAST_FLIGHT = 5;

/**
 * werift's DTLS client without a socket and without its timers, to see whether a handshake gets through. It checks neither
 * ServerKeyExchange nor Finished: it proves no server, and is not for media.
 */
export class PortableDtlsClient {
  /** Resolves when the server's Finished has come. */
  readonly connected: Promise<void>;
  readonly #client: DtlsClient;
  readonly #transport;
  readonly #send: (datagram: Uint8Array) => void;
  readonly #seen = new Set<string>();
  #flight = 0;
  #flightDatagrams: Uint8Array[] = [];
  /** Of epoch 0: a record that is sent again has a new one (RFC 6347 section 4.2.4). */
  #nextNumber = 0;

  /** `send` takes each datagram, which is its to keep. */
  constructor(certificate: DtlsCertificate, send: (datagram: Uint8Array) => void) {
    this.#send = send;
    this.#transport = {
      type: "udp",
      address: NOWHERE,
      closed: false,
      onData: (_data: Buffer, _from: readonly [string, number]) => {},
      send: (data: Buffer) => this.#hold(data),
      close: () => Promise.resolve(),
    };
    this.#client = new DtlsClient({
      transport: this.#transport,
      cert: certificate.certPem,
      key: certificate.keyPem,
      signatureHash: { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 },
      extendedMasterSecret: true,
      srtpProfiles: SRTP_PROFILE_PREFERENCE.map((profile) => SRTP_PROFILES[profile].id) as WeriftProfile[],
    });
    this.connected = new Promise((resolve) => this.#client.onConnect.subscribe(() => resolve()));
  }

  /** Sends the ClientHello. */
  async connect(): Promise<void> {
    try {
      await this.#client.connect();
    } catch (error) {
      if (!(error instanceof FlightSent)) throw error;
    }
  }

  /** A part of a message that came before is dropped: werift would begin anew, and agree on other keys with nobody. */
  handleDatagram(bytes: Uint8Array): void {
    const [first] = readRecords(bytes) ?? [];
    if (first === undefined) return;
    // Type, number, and where the part begins (RFC 6347 section 4.2.2).
    const isPlain = first.type === HANDSHAKE && first.epoch === 0;
    const part = isPlain ? [...first.fragment.subarray(0, 1), ...first.fragment.subarray(4, 9)].join() : undefined;
    if (part !== undefined && this.#seen.has(part)) return;
    if (part !== undefined) this.#seen.add(part);
    this.#transport.onData(Buffer.from(bytes), [NOWHERE.address, NOWHERE.port]);
  }

  /** Sends its last flight again. */
  resend(): void {
    for (const datagram of this.#flightDatagrams) this.#send(this.#renumbered(datagram));
  }

  /** The first certificate of the server's list, in DER; undefined before it has come. */
  get remoteCertificate(): Uint8Array | undefined {
    return this.#client.remoteCertificate;
  }

  /** werift waits with a timer after each flight that it may have to repeat: the error, which it catches, prevents it. */
  #hold(data: Buffer): Promise<void> {
    const { flight, lastMessage } = this.#client.dtls;
    if (flight !== this.#flight) this.#flightDatagrams = [];
    this.#flight = flight;
    if (flight <= LAST_FLIGHT) this.#flightDatagrams.push(data);
    this.#send(this.#renumbered(data));
    if (flight < LAST_FLIGHT || data === lastMessage.at(-1)) throw new FlightSent();
    return Promise.resolve();
  }

  #renumbered(datagram: Uint8Array): Uint8Array {
    const records = readRecords(datagram) ?? [];
    return Buffer.concat(
      records.map(({ type, epoch, sequenceNumber, fragment }) =>
        writeRecord(type, epoch, epoch === 0 ? this.#nextNumber++ : sequenceNumber, fragment)
      ),
    );
  }
}

class FlightSent extends Error {}
