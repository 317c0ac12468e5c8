import { Buffer } from "node:buffer";
import type { DtlsConnected, SrtpKeys } from "../../webrtc/dtls.ts";
import { SRTP_PROFILE_PREFERENCE } from "../../webrtc/srtp/profile.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { createGcmRecords } from "../dtls/gcm_records.ts";
import { ProtectedRecords } from "../dtls/protected_records.ts";
import { CLOSE_NOTIFY, WARNING, writeRecord } from "../dtls/record.ts";
import { OpenSslConnection } from "./openssl_dtls_connection.ts";
import { createContext, type OpenSslContext, OpenSslError } from "./openssl_dtls_context.ts";

/** Of a full handshake without a cookie (RFC 6347 section 4.2). */
const FLIGHTS = 4;

/** Has a client of the same library shake hands with the server. Throws an OpenSslError where that is not as it must be. */
export function checkHandshake(server: OpenSslContext, certificate: DtlsCertificate): void {
  const client = createContext(server.libssl, certificate, "client");
  const ends = [client, server].flatMap((context) => OpenSslConnection.open(context) ?? []);
  try {
    if (ends.length < 2) throw new OpenSslError("it gives no connection");
    exchangeFlights(ends);
    const [clientSide, serverSide] = ends.map((end) => end.agreement());
    if (typeof clientSide === "string") throw new OpenSslError(`its client says: ${clientSide}`);
    if (typeof serverSide === "string") throw new OpenSslError(`its server says: ${serverSide}`);
    if (!agree(clientSide, serverSide)) throw new OpenSslError("its two sides do not agree");
    if (!Buffer.from(certificate.der).equals(serverSide.remoteCertificate)) {
      throw new OpenSslError("it gives another certificate than the client's");
    }
    if (!opensRecords(ends[0], ends[1])) throw new OpenSslError("its records are not what its keys make");
  } finally {
    for (const end of ends) end.free();
    client.free();
  }
}

/** Has a client and a server, in this order, shake hands. Throws an OpenSslError where that fails. */
export function exchangeFlights([client, server]: readonly OpenSslConnection[]): void {
  client.handshake();
  for (let flight = 0; flight < FLIGHTS; flight++) {
    const [from, to] = flight % 2 === 0 ? [client, server] : [server, client];
    for (const { type, epoch, sequenceNumber, fragment } of from.takeOutput()) {
      const progress = to.handshake(writeRecord(type, epoch, sequenceNumber, fragment));
      if (progress === "failed") throw new OpenSslError(`the handshake with itself fails: ${to.problem()}`);
    }
  }
}

/** Whether what the client encrypts is what the server's keys decrypt: the records after the handshake are ours. */
function opensRecords(client: OpenSslConnection, server: OpenSslConnection): boolean {
  const secrets = server.recordSecrets();
  const cipher = secrets && createGcmRecords(secrets);
  client.shutdown();
  const [record] = client.takeOutput();
  return cipher !== undefined && record !== undefined &&
    new ProtectedRecords(cipher).open(record)?.equals(Buffer.of(WARNING, CLOSE_NOTIFY)) === true;
}

function agree(one: DtlsConnected, other: DtlsConnected): boolean {
  return one.profile === SRTP_PROFILE_PREFERENCE[0] && one.profile === other.profile &&
    sameKeys(one.local, other.local) && sameKeys(one.remote, other.remote);
}

function sameKeys(one: SrtpKeys, other: SrtpKeys): boolean {
  return Buffer.from(one.key).equals(other.key) && Buffer.from(one.salt).equals(other.salt);
}
