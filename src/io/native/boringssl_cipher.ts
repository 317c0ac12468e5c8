import { AEAD_TAG_LENGTH, AeadCipher, type AeadLibrary, aeadLibrary, ONE_CALL } from "./aead_cipher.ts";
import type { CipherLibraryResult, CreateCipher } from "./cipher_library.ts";
import { ADDRESS_SYMBOLS, CipherMemory, TEXT } from "./cipher_memory.ts";
import { COUNTER_MODE_SYMBOLS, CounterModeCipher } from "./counter_mode_cipher.ts";
import { openForGood, type SharedLibrary } from "./libraries.ts";

/** Debian and Ubuntu: android-libboringssl. */
export const BORINGSSL: SharedLibrary = { name: "BoringSSL", files: ["android/libcrypto.so.0"] };

const AEAD_SYMBOLS = {
  EVP_aead_aes_128_gcm: { parameters: [], result: "pointer" },
  EVP_aead_aes_256_gcm: { parameters: [], result: "pointer" },
  EVP_AEAD_CTX_new: { parameters: ["pointer", "pointer", "pointer", "pointer"], result: "pointer" },
  EVP_AEAD_CTX_free: { parameters: ["pointer"], result: "void" },
  EVP_AEAD_CTX_seal: ONE_CALL,
  EVP_AEAD_CTX_open: ONE_CALL,
} as const satisfies Deno.ForeignLibraryInterface;

type AeadFunctions = Deno.StaticForeignLibraryInterface<typeof AEAD_SYMBOLS>;

/** BoringSSL's ciphers: AEAD in one call a packet. */
export function openBoringSsl(): CipherLibraryResult {
  const opened = openForGood(BORINGSSL, { ...ADDRESS_SYMBOLS, ...AEAD_SYMBOLS, ...COUNTER_MODE_SYMBOLS });
  if (!opened.ok) return { name: BORINGSSL.name, reason: opened.reason };
  const { path, symbols } = opened;
  const memory = new CipherMemory(symbols);
  const library = aeadLibrary(symbols, memory);
  const gcm = (algorithm: Deno.PointerValue): CreateCipher => (key) => new BoringSslGcm(library, algorithm, key);
  const ciphers = {
    SRTP_AEAD_AES_128_GCM: gcm(symbols.EVP_aead_aes_128_gcm()),
    SRTP_AEAD_AES_256_GCM: gcm(symbols.EVP_aead_aes_256_gcm()),
    SRTP_AES128_CM_HMAC_SHA1_80: (key: Uint8Array, authKey: Uint8Array) =>
      new CounterModeCipher(symbols, memory, key, authKey),
  };
  return { library: { name: BORINGSSL.name, path, ciphers, close: () => opened.close() } };
}

class BoringSslGcm extends AeadCipher {
  readonly #library: AeadLibrary<AeadFunctions>;
  readonly #context: Deno.PointerValue;

  constructor(library: AeadLibrary<AeadFunctions>, algorithm: Deno.PointerValue, key: Uint8Array) {
    const { functions, memory, tagLength } = library;
    super(memory);
    this.#library = library;
    this.#context = memory.withKey(
      key,
      (at) => functions.EVP_AEAD_CTX_new(algorithm, memory.at(at), memory.size(key.length), tagLength),
    );
    if (this.#context === null) throw new Error("BoringSSL gives no AES-GCM context");
  }

  protected override sealText(
    source: Deno.PointerValue,
    length: number,
    front: Deno.PointerValue,
    frontLength: number,
    text: Deno.PointerValue,
  ): boolean {
    const { functions, memory, nonce, nonceLength, lengthAt } = this.#library;
    return functions.EVP_AEAD_CTX_seal(
      this.#context,
      text,
      lengthAt,
      memory.size(length + AEAD_TAG_LENGTH),
      nonce,
      nonceLength,
      source,
      memory.size(length),
      front,
      memory.size(frontLength),
    ) === 1;
  }

  protected override openText(source: number, length: number, frontLength: number): boolean {
    const { functions, memory, nonce, nonceLength, lengthAt } = this.#library;
    return functions.EVP_AEAD_CTX_open(
      this.#context,
      memory.at(TEXT),
      lengthAt,
      memory.size(length + AEAD_TAG_LENGTH),
      nonce,
      nonceLength,
      memory.at(source),
      memory.size(length + AEAD_TAG_LENGTH),
      memory.at(TEXT - frontLength),
      memory.size(frontLength),
    ) === 1;
  }

  protected override free(): void {
    this.#library.functions.EVP_AEAD_CTX_free(this.#context);
  }
}
