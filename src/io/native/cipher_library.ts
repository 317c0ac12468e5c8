import type { SrtpCipher } from "../../webrtc/srtp/cipher.ts";
import type { SrtpProfile } from "../../webrtc/srtp/profile.ts";

/** Makes ciphers of one profile; `authKey` is empty for AEAD. Throws where the library gives no context. */
export type CreateCipher = (key: Uint8Array, authKey: Uint8Array) => SrtpCipher;

/** A native library that is open. */
export interface CipherLibrary {
  readonly name: string;
  readonly path: string;
  /** For each profile that the library has. */
  readonly ciphers: Readonly<Partial<Record<SrtpProfile, CreateCipher>>>;
  /** To be called when all its ciphers are closed. */
  close(): void;
}

/** A library, or in words why there is none. */
export type CipherLibraryResult =
  | { readonly library: CipherLibrary }
  | { readonly name: string; readonly reason: string };
