import type { DtlsCertificate } from "../../io/dtls/certificate.ts";
import { PortableDtlsClient } from "../../io/portable/dtls_client.ts";
import { classify } from "../../webrtc/classify.ts";
import { type Fingerprint, matchesFingerprint } from "../../webrtc/fingerprint.ts";
import type { DtlsFacts } from "../facts.ts";
import type { Path } from "./path.ts";
import { within } from "./within.ts";

const REPEAT_MS = 500;
const ATTEMPTS = 10;

/**
 * Shakes hands as a browser does, over a way that a connectivity check has opened, by a certificate whose fingerprint the
 * offer has told. The server tells nobody why it refuses: what is told is what was seen.
 */
export async function checkDtls(
  path: Path,
  fingerprints: readonly Fingerprint[],
  certificate: DtlsCertificate,
): Promise<DtlsFacts> {
  const client = new PortableDtlsClient(certificate, (datagram) => void path.send(datagram));
  path.onDatagram = (bytes) => {
    if (classify(bytes, bytes.length) === "dtls") client.handleDatagram(bytes);
  };
  const startMs = performance.now();
  const connected = client.connected.then(() => true);
  await client.connect();
  for (let attempt = 1; await within(REPEAT_MS, connected) === undefined; attempt++) {
    if (attempt === ATTEMPTS) return { ok: false, reason: silence(client) };
    client.resend();
  }
  const { remoteCertificate } = client;
  if (remoteCertificate === undefined || !matchesFingerprint(remoteCertificate, fingerprints)) {
    return { ok: false, reason: "its certificate is not the one that the answer announces: something is in between" };
  }
  return { ok: true, durationMs: performance.now() - startMs };
}

function silence({ remoteCertificate }: PortableDtlsClient): string {
  const seconds = ATTEMPTS * REPEAT_MS / 1000;
  return remoteCertificate === undefined
    ? `no answer within ${seconds} s`
    : `the server's certificate came, and no end of the handshake within ${seconds} s`;
}
