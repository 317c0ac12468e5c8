import { AEAD_TAG_LENGTH, AeadCipher } from "./aead_cipher.ts";
import type { CipherLibraryResult, CreateCipher } from "./cipher_library.ts";
import { ADDRESS_SYMBOLS, CipherMemory, LENGTH, NONCE, TEXT } from "./cipher_memory.ts";
import { COUNTER_MODE_SYMBOLS, CounterModeCipher } from "./counter_mode_cipher.ts";
import { openForGood, type SharedLibrary } from "./libraries.ts";

/** Every distribution has it; Debian and Ubuntu: libssl3. */
export const OPENSSL: SharedLibrary = { name: "OpenSSL", files: ["libcrypto.so.3"] };

const GET_TAG = 0x10;
const SET_TAG = 0x11;

const GCM_SYMBOLS = {
  EVP_aes_128_gcm: { parameters: [], result: "pointer" },
  EVP_aes_256_gcm: { parameters: [], result: "pointer" },
  EVP_DecryptInit_ex: { parameters: ["pointer", "pointer", "pointer", "pointer", "pointer"], result: "i32" },
  EVP_DecryptUpdate: { parameters: ["pointer", "pointer", "pointer", "pointer", "i32"], result: "i32" },
  EVP_DecryptFinal_ex: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  EVP_EncryptFinal_ex: { parameters: ["pointer", "pointer", "pointer"], result: "i32" },
  EVP_CIPHER_CTX_ctrl: { parameters: ["pointer", "i32", "i32", "pointer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

const SYMBOLS = { ...ADDRESS_SYMBOLS, ...GCM_SYMBOLS, ...COUNTER_MODE_SYMBOLS } as const;

type Functions = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

/** The ciphers of OpenSSL 3. A context keeps its key: a packet only sets the nonce. */
export function openOpenSsl(): CipherLibraryResult {
  const opened = openForGood(OPENSSL, SYMBOLS);
  if (!opened.ok) return { name: OPENSSL.name, reason: opened.reason };
  const { path, symbols } = opened;
  const memory = new CipherMemory(symbols);
  const gcm = (algorithm: Deno.PointerValue): CreateCipher => (key) => new OpenSslGcm(symbols, memory, algorithm, key);
  const ciphers = {
    SRTP_AEAD_AES_128_GCM: gcm(symbols.EVP_aes_128_gcm()),
    SRTP_AEAD_AES_256_GCM: gcm(symbols.EVP_aes_256_gcm()),
    SRTP_AES128_CM_HMAC_SHA1_80: (key: Uint8Array, authKey: Uint8Array) =>
      new CounterModeCipher(symbols, memory, key, authKey),
  };
  return { library: { name: OPENSSL.name, path, ciphers, close: () => opened.close() } };
}

class OpenSslGcm extends AeadCipher {
  readonly #functions: Functions;
  readonly #context: Deno.PointerValue;

  constructor(functions: Functions, memory: CipherMemory, algorithm: Deno.PointerValue, key: Uint8Array) {
    super(memory);
    this.#functions = functions;
    const context = functions.EVP_CIPHER_CTX_new();
    this.#context = context;
    const isReady = context !== null &&
      memory.withKey(key, (at) => functions.EVP_EncryptInit_ex(context, algorithm, null, memory.at(at), null)) === 1;
    if (isReady) return;
    if (context !== null) functions.EVP_CIPHER_CTX_free(context);
    throw new Error("OpenSSL gives no AES-GCM context");
  }

  protected override sealText(
    source: Deno.PointerValue,
    length: number,
    front: Deno.PointerValue,
    frontLength: number,
    text: Deno.PointerValue,
    tag: Deno.PointerValue,
  ): boolean {
    const { memory } = this;
    const functions = this.#functions;
    const context = this.#context;
    const written = memory.at(LENGTH);
    return functions.EVP_EncryptInit_ex(context, null, null, null, memory.at(NONCE)) === 1 &&
      functions.EVP_EncryptUpdate(context, null, written, front, frontLength) === 1 &&
      functions.EVP_EncryptUpdate(context, text, written, source, length) === 1 &&
      functions.EVP_EncryptFinal_ex(context, tag, written) === 1 &&
      functions.EVP_CIPHER_CTX_ctrl(context, GET_TAG, AEAD_TAG_LENGTH, tag) === 1;
  }

  protected override openText(source: number, length: number, frontLength: number): boolean {
    const { memory } = this;
    const functions = this.#functions;
    const context = this.#context;
    const written = memory.at(LENGTH);
    return functions.EVP_DecryptInit_ex(context, null, null, null, memory.at(NONCE)) === 1 &&
      functions.EVP_CIPHER_CTX_ctrl(context, SET_TAG, AEAD_TAG_LENGTH, memory.at(source + length)) === 1 &&
      functions.EVP_DecryptUpdate(context, null, written, memory.at(TEXT - frontLength), frontLength) === 1 &&
      functions.EVP_DecryptUpdate(context, memory.at(TEXT), written, memory.at(source), length) === 1 &&
      functions.EVP_DecryptFinal_ex(context, memory.at(TEXT + length), written) === 1;
  }

  protected override free(): void {
    this.#functions.EVP_CIPHER_CTX_free(this.#context);
  }
}
