import { AEAD_TAG_LENGTH, AeadCipher, NONCE_LENGTH, ONE_CALL } from "./aead_cipher.ts";
import type { CipherLibraryResult, CreateCipher } from "./cipher_library.ts";
import { ADDRESS_SYMBOLS, CipherMemory, LENGTH, NONCE, TEXT } from "./cipher_memory.ts";
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
  const gcm = (algorithm: Deno.PointerValue): CreateCipher => (key) =>
    new BoringSslGcm(symbols, memory, algorithm, key);
  const ciphers = {
    SRTP_AEAD_AES_128_GCM: gcm(symbols.EVP_aead_aes_128_gcm()),
    SRTP_AEAD_AES_256_GCM: gcm(symbols.EVP_aead_aes_256_gcm()),
    SRTP_AES128_CM_HMAC_SHA1_80: (key: Uint8Array, authKey: Uint8Array) =>
      new CounterModeCipher(symbols, memory, key, authKey),
  };
  return { library: { name: BORINGSSL.name, path, ciphers, close: () => opened.close() } };
}

class BoringSslGcm extends AeadCipher {
  readonly #functions: AeadFunctions;
  readonly #context: Deno.PointerValue;

  constructor(functions: AeadFunctions, memory: CipherMemory, algorithm: Deno.PointerValue, key: Uint8Array) {
    super(memory);
    this.#functions = functions;
    const tagLength = memory.size(AEAD_TAG_LENGTH);
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
    const { memory } = this;
    return this.#functions.EVP_AEAD_CTX_seal(
      this.#context,
      text,
      memory.at(LENGTH),
      memory.size(length + AEAD_TAG_LENGTH),
      memory.at(NONCE),
      memory.size(NONCE_LENGTH),
      source,
      memory.size(length),
      front,
      memory.size(frontLength),
    ) === 1;
  }

  protected override openText(source: number, length: number, frontLength: number): boolean {
    const { memory } = this;
    return this.#functions.EVP_AEAD_CTX_open(
      this.#context,
      memory.at(TEXT),
      memory.at(LENGTH),
      memory.size(length + AEAD_TAG_LENGTH),
      memory.at(NONCE),
      memory.size(NONCE_LENGTH),
      memory.at(source),
      memory.size(length + AEAD_TAG_LENGTH),
      memory.at(TEXT - frontLength),
      memory.size(frontLength),
    ) === 1;
  }

  protected override free(): void {
    this.#functions.EVP_AEAD_CTX_free(this.#context);
  }
}
