import { Buffer } from "node:buffer";
import { createHash, createVerify, timingSafeEqual, X509Certificate } from "node:crypto";
import { prf } from "../dtls/prf.ts";

/** What werift leaves out: the checks that tie the peer's certificate and the handshake's messages to its key. */

/** Signature schemes that the CertificateRequest names (RFC 8446 section 4.2.3), and the keys they go with. */
const SCHEME_KEY_TYPES = new Map([[0x0403, "ec"], [0x0401, "rsa"]]);

const VERIFY_DATA_LENGTH = 12;

/**
 * Whether a CertificateVerify message shows that the client has the key of its certificate (RFC 5246 section 7.4.8).
 * `certificate` is DER; `transcript` is all handshake messages before this one.
 */
export function provesCertificate(certificate: Uint8Array, message: Buffer, transcript: Buffer): boolean {
  if (message.length < 4 || message.length !== 4 + message.readUInt16BE(2)) return false;
  const keyType = SCHEME_KEY_TYPES.get(message.readUInt16BE(0));
  if (keyType === undefined) return false;
  try {
    const key = new X509Certificate(certificate).publicKey;
    if (key.asymmetricKeyType !== keyType) return false;
    return createVerify("sha256").update(transcript).verify(key, message.subarray(4));
  } catch {
    // node:crypto throws on a certificate or a signature that does not parse.
    return false;
  }
}

/** Whether a Finished message's body is right for the messages before it (RFC 5246 section 7.4.9). */
export function provesTranscript(masterSecret: Buffer, body: Buffer, transcript: Buffer): boolean {
  if (body.length !== VERIFY_DATA_LENGTH) return false;
  return timingSafeEqual(body, verifyData(masterSecret, "client finished", transcript));
}

/** The body of a Finished message. */
export function verifyData(
  masterSecret: Buffer,
  label: "client finished" | "server finished",
  transcript: Buffer,
): Buffer {
  const hash = createHash("sha256").update(transcript).digest();
  return prf("sha256", masterSecret, Buffer.concat([Buffer.from(label), hash]), VERIFY_DATA_LENGTH);
}
