import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../../webrtc/srtp/profile.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { DTLS_1_2 } from "../dtls/record.ts";
import { cString, type Libssl } from "./openssl_dtls_library.ts";

/** Commands of SSL_CTX_ctrl. */
const SET_SESSION_CACHE_MODE = 44;
const SET_GROUPS_LIST = 92;
const SET_MIN_VERSION = 123;
const SET_MAX_VERSION = 124;

/** SSL_OP_*: nothing is negotiated again, resumed or compressed, and the length of datagrams is ours to say. */
const OPTIONS = [
  /** NO_QUERY_MTU */ 12,
  /** NO_TICKET */ 14,
  /** NO_COMPRESSION */ 17,
  /** CIPHER_SERVER_PREFERENCE */ 22,
  /** NO_RENEGOTIATION */ 30,
].reduce((bits, bit) => bits | 1n << BigInt(bit), 0n);

/** SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT */
const DEMAND_CERTIFICATE = 3;

/** AES-GCM with forward secrecy and our kind of certificate; every client of WebRTC has the first (RFC 8827 section 6.5). */
const CIPHER_SUITES = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384";
const GROUPS = "X25519:P-256";

/** OpenSSL's names. */
const SRTP_NAMES: Readonly<Record<SrtpProfile, string>> = {
  SRTP_AEAD_AES_128_GCM: "SRTP_AEAD_AES_128_GCM",
  SRTP_AEAD_AES_256_GCM: "SRTP_AEAD_AES_256_GCM",
  SRTP_AES128_CM_HMAC_SHA1_80: "SRTP_AES128_CM_SHA1_80",
};

/** What all connections share: certificate, suites, profiles, callbacks. */
export interface OpenSslContext {
  readonly libssl: Libssl;
  readonly role: OpenSslRole;
  /** An SSL_CTX. */
  readonly pointer: NonNullable<Deno.PointerValue>;
  /** Memory that OpenSSL points to for as long as there is a context or a connection of it. */
  readonly pinned: Uint8Array;
  /**
   * A callback for DTLS_set_timer_cb, which OpenSSL asks for how many microseconds it is to wait: OpenSSL_version_num,
   * which is at least 0x30000000 for this library, 13 minutes.
   */
  readonly neverDue: NonNullable<Deno.PointerValue>;
  /** To be called when no other connection will be opened. */
  free(): void;
}

/** OpenSSL cannot do what this server needs. */
export class OpenSslError extends Error {
  override readonly name = "OpenSslError";
}

/** The server's side is what this is for; the client's is for its check. */
export type OpenSslRole = "server" | "client";

/** Makes the context of one side of DTLS 1.2. Throws an OpenSslError that says what OpenSSL refuses. */
export function createContext(
  libssl: Libssl,
  certificate: DtlsCertificate,
  role: OpenSslRole = "server",
): OpenSslContext {
  const { call } = libssl;
  call.ERR_clear_error();
  const method = role === "server" ? call.DTLS_server_method() : call.DTLS_client_method();
  const pointer = method === null ? null : call.SSL_CTX_new(method);
  if (pointer === null) throw new OpenSslError("it gives no context");
  try {
    configure(libssl, pointer);
    useCertificate(libssl, pointer, certificate);
    const pinned = acceptAnyChain(libssl, pointer);
    const neverDue = callback(libssl, "OpenSSL_version_num");
    return { libssl, role, pointer, pinned, neverDue, free: () => call.SSL_CTX_free(pointer) };
  } catch (error) {
    call.SSL_CTX_free(pointer);
    throw error;
  }
}

function configure({ call }: Libssl, context: Deno.PointerValue): void {
  demand("DTLS 1.2", call.SSL_CTX_ctrl(context, SET_MIN_VERSION, BigInt(DTLS_1_2), null) === 1n);
  demand("DTLS 1.2", call.SSL_CTX_ctrl(context, SET_MAX_VERSION, BigInt(DTLS_1_2), null) === 1n);
  demand("its options", (call.SSL_CTX_set_options(context, OPTIONS) & OPTIONS) === OPTIONS);
  // It answers with the mode before.
  call.SSL_CTX_ctrl(context, SET_SESSION_CACHE_MODE, 0n, null);
  demand(CIPHER_SUITES, call.SSL_CTX_set_cipher_list(context, cString(CIPHER_SUITES)) === 1);
  demand(GROUPS, call.SSL_CTX_ctrl(context, SET_GROUPS_LIST, 0n, cString(GROUPS)) === 1n);
  // It takes the first of these that the client offers.
  const profiles = SRTP_PROFILE_PREFERENCE.map((profile) => SRTP_NAMES[profile]).join(":");
  // 0 means that it went well.
  demand(profiles, call.SSL_CTX_set_tlsext_use_srtp(context, cString(profiles)) === 0);
}

function useCertificate({ call }: Libssl, context: Deno.PointerValue, { der, keyPem }: DtlsCertificate): void {
  demand("the certificate", call.SSL_CTX_use_certificate_ASN1(context, der.length, Uint8Array.from(der)) === 1);
  const pem = cString(keyPem);
  const bio = call.BIO_new_mem_buf(pem, pem.length - 1);
  const key = bio === null ? null : call.PEM_read_bio_PrivateKey(bio, null, null, null);
  if (bio !== null) call.BIO_free(bio);
  pem.fill(0);
  const isTaken = key !== null && call.SSL_CTX_use_PrivateKey(context, key) === 1;
  // The context has a reference of its own.
  if (key !== null) call.EVP_PKEY_free(key);
  demand("the private key", isTaken);
  demand("key and certificate together", call.SSL_CTX_check_private_key(context) === 1);
}

/**
 * Demands a certificate and takes any: its fingerprint is the caller's to compare, and CertificateVerify is checked
 * whatever is said here. The chain is verified by X509_STORE_CTX_set_default(context, "default") instead, which sets the
 * parameters that the context has already, and answers 1: a JavaScript callback would need FFI as a whole. Returns the
 * name, which the context goes on to point to.
 */
function acceptAnyChain(libssl: Libssl, context: Deno.PointerValue): Uint8Array {
  const { call } = libssl;
  const name = cString("default");
  const verify = callback(libssl, "X509_STORE_CTX_set_default");
  call.SSL_CTX_set_cert_verify_callback(context, verify, call.pointerTo(name, name, 0n));
  call.SSL_CTX_set_verify(context, DEMAND_CERTIFICATE, null);
  return name;
}

function callback(libssl: Libssl, name: string): NonNullable<Deno.PointerValue> {
  const address = libssl.addressOf(name);
  if (address === null) throw new OpenSslError(`it has no ${name}`);
  return address;
}

function demand(what: string, isGranted: boolean): void {
  if (!isGranted) throw new OpenSslError(`it does not take ${what}`);
}
