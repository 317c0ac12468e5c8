import type { DtlsFactory } from "../../webrtc/dtls.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import type { DtlsCertificate } from "../dtls/certificate.ts";
import { createOpenSslDtls } from "./openssl_dtls.ts";
import { checkHandshake } from "./openssl_dtls_check.ts";
import { createContext } from "./openssl_dtls_context.ts";
import { LIBSSL, type Libssl, type OpenedLibssl, openLibssl } from "./openssl_dtls_library.ts";

/** What shakes hands, and why. */
export interface DtlsChoice {
  readonly dtls: DtlsFactory;
  /** What it is, and why not another: short sentences, for the log and /healthz. */
  readonly reasons: readonly string[];
  /** To be called when all sessions are closed. */
  close(): void;
}

export type OpenedDtls =
  | { readonly ok: true; readonly choice: DtlsChoice }
  | { readonly ok: false; readonly reason: string };

/**
 * Takes OpenSSL's DTLS where the library is there, may be opened, and shakes hands with itself; else `fallback`, whose
 * certificate is the same one.
 */
export function chooseDtls(
  fallback: DtlsFactory,
  certificate: DtlsCertificate,
  open: () => OpenedLibssl = openLibssl,
): DtlsChoice {
  const opened = openLibsslDtls(certificate, open);
  if (opened.ok) return opened.choice;
  return {
    dtls: fallback,
    reasons: [`${LIBSSL.name} is passed over: ${opened.reason}`, "DTLS by the portable implementation"],
    close() {},
  };
}

/** OpenSSL's DTLS; `reason` says why the library is of no use. */
export function openLibsslDtls(
  certificate: DtlsCertificate,
  open: () => OpenedLibssl = openLibssl,
): OpenedDtls {
  const opened = open();
  if (!opened.ok) return opened;
  try {
    return { ok: true, choice: useLibssl(opened.libssl, certificate) };
  } catch (error) {
    opened.libssl.close();
    return { ok: false, reason: messageOf(error) };
  }
}

/** Throws an OpenSslError where the library does not do what it must. */
function useLibssl(libssl: Libssl, certificate: DtlsCertificate): DtlsChoice {
  const context = createContext(libssl, certificate);
  try {
    checkHandshake(context, certificate);
  } catch (error) {
    context.free();
    throw error;
  }
  return {
    dtls: createOpenSslDtls(context, certificate),
    reasons: [`DTLS by ${LIBSSL.name}, ${libssl.path}`],
    close() {
      context.free();
      libssl.close();
    },
  };
}
