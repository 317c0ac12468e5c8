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

/**
 * Takes OpenSSL's DTLS where the library is there, may be opened, and shakes hands with itself; else `fallback`, whose
 * certificate is the same one.
 */
export function chooseDtls(
  fallback: DtlsFactory,
  certificate: DtlsCertificate,
  open: () => OpenedLibssl = openLibssl,
): DtlsChoice {
  const opened = open();
  const problem = (reason: string): DtlsChoice => ({
    dtls: fallback,
    reasons: [`${LIBSSL.name} is passed over: ${reason}`, "DTLS by the portable implementation"],
    close() {},
  });
  if (!opened.ok) return problem(opened.reason);
  try {
    return useLibssl(opened.libssl, certificate);
  } catch (error) {
    opened.libssl.close();
    return problem(messageOf(error));
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
