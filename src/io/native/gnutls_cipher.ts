import { AEAD_TAG_LENGTH, AeadCipher, type AeadLibrary, aeadLibrary, ONE_CALL } from "./aead_cipher.ts";
import type { CipherLibraryResult, CreateCipher } from "./cipher_library.ts";
import { ADDRESS_SYMBOLS, CipherMemory, DIGEST, LENGTH, TEXT } from "./cipher_memory.ts";
import { openForGood, type SharedLibrary } from "./libraries.ts";

/** Debian and Ubuntu: libgnutls30. */
export const GNUTLS: SharedLibrary = { name: "GnuTLS", files: ["libgnutls.so.30"] };

/** Where the key is described, a gnutls_datum_t: its address and length. */
const DATUM = DIGEST;
/** Where the new context is told. */
const HANDLE = DATUM + 16;

/** Of gnutls_cipher_algorithm_t. */
const AES_128_GCM = 10;
const AES_256_GCM = 11;

const SYMBOLS = {
  ...ADDRESS_SYMBOLS,
  gnutls_aead_cipher_init: { parameters: ["pointer", "i32", "pointer"], result: "i32" },
  gnutls_aead_cipher_deinit: { parameters: ["pointer"], result: "void" },
  gnutls_aead_cipher_encrypt: ONE_CALL,
  gnutls_aead_cipher_decrypt: ONE_CALL,
} as const satisfies Deno.ForeignLibraryInterface;

type Functions = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** GnuTLS's AEAD in one call a packet. It has no AES in counter mode. */
export function openGnuTls(): CipherLibraryResult {
  const opened = openForGood(GNUTLS, SYMBOLS);
  if (!opened.ok) return { name: GNUTLS.name, reason: opened.reason };
  const { path, symbols } = opened;
  const library = aeadLibrary(symbols, new CipherMemory(symbols));
  const gcm = (algorithm: number): CreateCipher => (key) => new GnuTlsGcm(library, algorithm, key);
  const ciphers = { SRTP_AEAD_AES_128_GCM: gcm(AES_128_GCM), SRTP_AEAD_AES_256_GCM: gcm(AES_256_GCM) };
  return { library: { name: GNUTLS.name, path, ciphers, close: () => opened.close() } };
}

class GnuTlsGcm extends AeadCipher {
  readonly #library: AeadLibrary<Functions>;
  readonly #handle: Deno.PointerValue;

  constructor(library: AeadLibrary<Functions>, algorithm: number, key: Uint8Array) {
    const { functions, memory } = library;
    super(memory);
    this.#library = library;
    const failed = memory.withKey(key, (at) => {
      memory.setAddress(DATUM, at);
      memory.setSize(DATUM + 8, key.length);
      return functions.gnutls_aead_cipher_init(memory.at(HANDLE), algorithm, memory.at(DATUM));
    });
    this.#handle = failed === 0 ? memory.pointerIn(HANDLE) : null;
    if (this.#handle === null) throw new Error("GnuTLS gives no AES-GCM context");
  }

  protected override sealText(
    source: Deno.PointerValue,
    length: number,
    front: Deno.PointerValue,
    frontLength: number,
    text: Deno.PointerValue,
  ): boolean {
    const { functions, memory, nonce, nonceLength, tagLength, lengthAt } = this.#library;
    memory.setSize(LENGTH, length + AEAD_TAG_LENGTH);
    return functions.gnutls_aead_cipher_encrypt(
      this.#handle,
      nonce,
      nonceLength,
      front,
      memory.size(frontLength),
      tagLength,
      source,
      memory.size(length),
      text,
      lengthAt,
    ) === 0;
  }

  protected override openText(source: number, length: number, frontLength: number): boolean {
    const { functions, memory, nonce, nonceLength, tagLength, lengthAt } = this.#library;
    memory.setSize(LENGTH, length + AEAD_TAG_LENGTH);
    return functions.gnutls_aead_cipher_decrypt(
      this.#handle,
      nonce,
      nonceLength,
      memory.at(TEXT - frontLength),
      memory.size(frontLength),
      tagLength,
      memory.at(source),
      memory.size(length + AEAD_TAG_LENGTH),
      memory.at(TEXT),
      lengthAt,
    ) === 0;
  }

  protected override free(): void {
    this.#library.functions.gnutls_aead_cipher_deinit(this.#handle);
  }
}
