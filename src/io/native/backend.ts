import type { RandomSource } from "../../sfu/random.ts";
import type { DtlsFactory } from "../../webrtc/dtls.ts";
import type { SrtpCipherFactory } from "../../webrtc/srtp/cipher.ts";
import type { Backend } from "../backend.ts";
import { chooseCiphers } from "./choose_ciphers.ts";
import { openNativeSockets } from "./sockets.ts";

/** What the native backend does not have of its own. */
export interface PortableParts {
  readonly dtls: DtlsFactory;
  /** For profiles of which no library has a cipher. */
  readonly ciphers: SrtpCipherFactory;
}

export type NativeBackendResult =
  | { readonly ok: true; readonly backend: Backend; readonly description: string }
  | { readonly ok: false; readonly reason: string };

/** Linux's sockets and the system's cryptographic libraries by FFI. Throws nothing: `reason` says what is missing. */
export function createNativeBackend(random: RandomSource, parts: PortableParts): NativeBackendResult {
  const sockets = openNativeSockets({ random });
  if (!sockets.ok) return sockets;
  const choice = chooseCiphers(parts.ciphers);
  return {
    ok: true,
    description: [sockets.description, ...choice.reasons].join("; "),
    backend: {
      name: "native",
      dtls: parts.dtls,
      ciphers: choice.ciphers,
      openSocket: (hostname, handler) => sockets.openSocket(hostname, handler),
      flush: () => sockets.flush(),
      async close() {
        await sockets.close();
        choice.close();
      },
    },
  };
}
