import assert from "node:assert/strict";
import type { DtlsCertificate } from "../../src/io/dtls/certificate.ts";
import { MAX_DATAGRAM, packRecords, readRecords, writeRecord } from "../../src/io/dtls/record.ts";
import { createOpenSslDtls } from "../../src/io/native/openssl_dtls.ts";
import { OpenSslConnection } from "../../src/io/native/openssl_dtls_connection.ts";
import { createContext } from "../../src/io/native/openssl_dtls_context.ts";
import { LIBSSL, type Libssl, openLibssl } from "../../src/io/native/openssl_dtls_library.ts";
import type { DtlsConnected, DtlsFactory } from "../../src/webrtc/dtls.ts";
import type { OpenedDtls } from "./dtls_backend.ts";
import { needsOf } from "./native_library.ts";

const { title, permissions, ignore } = needsOf(LIBSSL);

/** OpenSSL's libssl; where it cannot be opened also why. */
export const LIBSSL_TITLE = title;

/** Options of tests that use libssl, and nothing else by FFI; left out where it cannot be opened. */
export const WITH_LIBSSL = { permissions, ignore };

/** Opens libssl. */
export function testLibssl(): Libssl {
  const opened = openLibssl();
  if (!opened.ok) throw new Error(opened.reason);
  return opened.libssl;
}

/** DTLS by libssl, without the check that a server makes at its start. */
export function openNativeDtls(certificate: DtlsCertificate, libssl: Libssl = testLibssl()): OpenedDtls {
  const context = createContext(libssl, certificate);
  return {
    factory: createOpenSslDtls(context, certificate),
    close() {
      context.free();
      libssl.close();
    },
  };
}

/** Counts what is made and not freed of what a session has: SSL objects, which have all the rest. */
export function countingConnections(libssl: Libssl): { readonly libssl: Libssl; readonly open: () => number } {
  const { call } = libssl;
  let count = 0;
  const SSL_new: typeof call.SSL_new = (context) => {
    count++;
    return call.SSL_new(context);
  };
  const SSL_free: typeof call.SSL_free = (ssl) => {
    count--;
    call.SSL_free(ssl);
  };
  return { libssl: { ...libssl, call: { ...call, SSL_new, SSL_free } }, open: () => count };
}

/** What came of a handshake with OpenSSL as the client, on a wire that loses nothing. */
export interface OpenSslHandshake {
  readonly connected: readonly DtlsConnected[];
  readonly failed: readonly string[];
  /** What the client says, from the server's side; or why it is not content. */
  readonly client: DtlsConnected | string;
  /** Bytes of each datagram of the server. */
  readonly lengths: readonly number[];
}

/** OpenSSL as the client: it shows `certificate`, and takes and makes messages in parts. */
export function connectOpenSsl(factory: DtlsFactory, certificate: DtlsCertificate): OpenSslHandshake {
  const libssl = testLibssl();
  const context = createContext(libssl, certificate, "client");
  const client = OpenSslConnection.open(context);
  assert.ok(client);
  const [connected, failed, lengths]: [DtlsConnected[], string[], number[]] = [[], [], []];
  const session = factory.create({
    sendDatagram(bytes) {
      lengths.push(bytes.length);
      for (const { type, epoch, sequenceNumber, fragment } of readRecords(bytes) ?? []) {
        client.handshake(writeRecord(type, epoch, sequenceNumber, fragment));
      }
    },
    connected: (result) => connected.push(result),
    failed: (reason) => failed.push(reason),
    applicationData() {},
  }, 0);
  client.handshake();
  for (let flight = client.takeOutput(); flight.length > 0; flight = client.takeOutput()) {
    const records = flight.map(({ type, epoch, sequenceNumber, fragment }) =>
      writeRecord(type, epoch, sequenceNumber, fragment)
    );
    for (const datagram of packRecords(records, MAX_DATAGRAM)) session.handleDatagram(datagram, 0);
  }
  const result = { connected, failed, lengths, client: client.agreement() };
  // It sends the client a last record.
  session.close();
  client.free();
  context.free();
  libssl.close();
  return result;
}
