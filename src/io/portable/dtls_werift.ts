import { Buffer } from "node:buffer";
import { DtlsServer, HashAlgorithm, SignatureAlgorithm } from "werift";
import { SRTP_PROFILE_PREFERENCE, SRTP_PROFILES, type SrtpProfile } from "../../webrtc/srtp/profile.ts";
import type { SrtpKeying } from "../../webrtc/dtls.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { createGcmRecords } from "../dtls/gcm_records.ts";
import type { RecordCipher } from "../dtls/protected_records.ts";
import { cutMessage, type HandshakeMessage, MessageReassembler, readFragments, writeMessage } from "../dtls/message.ts";
import { HANDSHAKE, MAX_DATAGRAM, readRecords, RECORD_HEADER, writeRecord } from "../dtls/record.ts";

/** werift's type names the profiles of its own SRTP. Its DTLS compares their numbers, and takes any. */
type WeriftProfile = NonNullable<DtlsServer["srtp"]["srtpProfile"]>;

const PROTECTION_PROFILES = SRTP_PROFILE_PREFERENCE.map((profile) => SRTP_PROFILES[profile].id) as WeriftProfile[];

const NOWHERE = { address: "0.0.0.0", family: "IPv4", port: 0 };
const FROM_NOWHERE = [NOWHERE.address, NOWHERE.port] as const;

/** werift's form of a handshake message, or of a part of one. */
type WeriftMessage = DtlsServer["dtls"]["sortedHandshakeCache"][number];

/** ServerHello to ServerHelloDone, after which werift would start a timer of its own. */
const SERVER_HELLO_FLIGHT = 4;

/**
 * One handshake's negotiation and key exchange by werift's DtlsServer. It is given whole messages in their order, each
 * once, and answers at once. It never gets a Finished message: that check, the last flight and everything after them
 * are ours. What it cannot parse or accept it answers with nothing.
 */
export class WeriftHandshake {
  readonly #server: DtlsServer;
  readonly #deliver: (record: Buffer) => void;
  #sent: Buffer[] = [];

  /** `cookie` is the one that the ClientHello must carry. */
  constructor(certificate: DtlsCertificate, cookie: Buffer) {
    const transport = {
      type: "udp",
      address: NOWHERE,
      closed: false,
      onData: (_data: Buffer, _from: readonly [string, number]) => {},
      send: (data: Buffer) => this.#hold(data),
      close: () => Promise.resolve(),
    };
    this.#server = new DtlsServer({
      transport,
      cert: certificate.certPem,
      key: certificate.keyPem,
      signatureHash: { hash: HashAlgorithm.sha256_4, signature: SignatureAlgorithm.ecdsa_3 },
      certificateRequest: true,
      extendedMasterSecret: true,
      srtpProfiles: PROTECTION_PROFILES,
    });
    this.#server.dtls.cookie = cookie;
    keepWhole(this.#server.dtls);
    // werift has put its own handler there. It catches whatever a whole record makes it throw or reject.
    this.#deliver = (record) => transport.onData(record, FROM_NOWHERE);
  }

  /** Hands one message over. Gives what werift sends in answer: handshake fragments, each for one record. */
  handleMessage(message: HandshakeMessage): Buffer[] {
    this.#sent = [];
    this.#deliver(writeRecord(HANDSHAKE, 0, 0, writeMessage(message)));
    // werift cuts messages too, to parts that are longer than a datagram may be here.
    const parts = this.#sent.flatMap((datagram) => readRecords(datagram) ?? []).flatMap((record) =>
      readFragments(record.fragment) ?? []
    );
    const whole = new MessageReassembler();
    return parts.flatMap((part) => whole.take(part) ?? []).flatMap((sent) =>
      cutMessage(sent, MAX_DATAGRAM - RECORD_HEADER)
    );
  }

  /**
   * Keeps what werift sends. Once a flight that it would repeat is out, it would wait with a timer: the error, which it
   * catches, ends its part there. Repeating is the session's.
   */
  #hold(data: Buffer): Promise<void> {
    this.#sent.push(data);
    const { flight, lastMessage } = this.#server.dtls;
    if (flight === SERVER_HELLO_FLIGHT && data === lastMessage.at(-1)) throw new FlightHeld();
    return Promise.resolve();
  }

  /** The profile agreed on: our first that the client offers. */
  get profile(): SrtpProfile | undefined {
    const id = this.#server.srtp.srtpProfile;
    return SRTP_PROFILE_PREFERENCE.find((profile) => SRTP_PROFILES[profile].id === id);
  }

  /** Whether the client offers the extended master secret (RFC 7627). */
  get extendedMasterSecret(): boolean {
    return this.#server.dtls.remoteExtendedMasterSecret;
  }

  /** The first certificate of the client's list, in DER. */
  get remoteCertificate(): Buffer | undefined {
    return this.#server.remoteCertificate;
  }

  /** Set by the ClientKeyExchange. */
  get masterSecret(): Buffer | undefined {
    return this.#server.cipher.masterSecret;
  }

  /** Our own, from the master secret: its keys are ours to wipe. Undefined before the ClientKeyExchange. */
  createCipher(): RecordCipher | undefined {
    const { masterSecret, cipherSuite, localRandom, remoteRandom } = this.#server.cipher;
    return masterSecret && createGcmRecords({
      suite: cipherSuite,
      masterSecret,
      clientRandom: remoteRandom.serialize(),
      serverRandom: localRandom.serialize(),
    });
  }

  /** All messages so far, from the ClientHello with the cookie on (RFC 6347 sections 4.2.1 and 4.2.6). */
  transcript(): Buffer {
    return Buffer.concat(this.#server.dtls.sortedHandshakeCache.map((message) => message.serialize()));
  }

  /** The SRTP keys of both directions (RFC 5764 section 4.2). */
  srtpKeys(profile: SrtpProfile): Pick<SrtpKeying, "local" | "remote"> {
    const { keyLength, saltLength } = SRTP_PROFILES[profile];
    const { localKey, localSalt, remoteKey, remoteSalt } = this.#server.extractSessionKeys(keyLength, saltLength);
    return {
      local: { key: takeBytes(localKey), salt: takeBytes(localSalt) },
      remote: { key: takeBytes(remoteKey), salt: takeBytes(remoteSalt) },
    };
  }

  /** Overwrites what werift shows of its secrets; it is of no use afterwards. What it had in passing it has let go of. */
  wipe(): void {
    const { masterSecret, localKeyPair, cipher } = this.#server.cipher;
    const { clientWriteKey, serverWriteKey } = cipher ?? {};
    for (const secret of [masterSecret, localKeyPair?.privateKey, clientWriteKey, serverWriteKey]) secret?.fill(0);
  }
}

/** A copy; the original is wiped. */
function takeBytes(bytes: Buffer): Uint8Array {
  const copy = Uint8Array.from(bytes);
  bytes.fill(0);
  return copy;
}

class FlightHeld extends Error {}

/**
 * Has werift keep the messages that it sends whole: it would keep the parts of a long certificate, and hash them with the
 * header of each, where RFC 6347 section 4.2.6 wants the message as if it had not been cut.
 */
function keepWhole(dtls: DtlsServer["dtls"]): void {
  const keep = dtls.bufferHandshakeCache.bind(dtls);
  dtls.bufferHandshakeCache = (parts, isLocal, flight) =>
    keep(parts.length > 1 ? [joined(parts)] : parts, isLocal, flight);
}

/** The parts of one message, in their order, as one. */
function joined(parts: readonly WeriftMessage[]): WeriftMessage {
  const fragment = Buffer.concat(parts.map((part) => part.fragment));
  return Object.assign(Object.create(Object.getPrototypeOf(parts[0])), parts[0], {
    fragment,
    fragment_length: fragment.length,
  });
}
