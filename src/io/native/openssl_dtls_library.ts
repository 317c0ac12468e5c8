import { openForGood, type SharedLibrary } from "./libraries.ts";

/** Every distribution has it; Debian and Ubuntu: libssl3. It brings libcrypto, whose functions are found through it. */
export const LIBSSL: SharedLibrary = { name: "OpenSSL's libssl", files: ["libssl.so.3"] };

/** Of dlopen. */
const RTLD_LAZY = 1;

const CONTEXT_SYMBOLS = {
  DTLS_server_method: { parameters: [], result: "pointer" },
  DTLS_client_method: { parameters: [], result: "pointer" },
  SSL_CTX_new: { parameters: ["pointer"], result: "pointer" },
  SSL_CTX_free: { parameters: ["pointer"], result: "void" },
  SSL_CTX_ctrl: { parameters: ["pointer", "i32", "i64", "buffer"], result: "i64" },
  SSL_CTX_set_options: { parameters: ["pointer", "u64"], result: "u64" },
  SSL_CTX_set_verify: { parameters: ["pointer", "i32", "pointer"], result: "void" },
  SSL_CTX_set_cert_verify_callback: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  SSL_CTX_set_cipher_list: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_set_tlsext_use_srtp: { parameters: ["pointer", "buffer"], result: "i32" },
  SSL_CTX_use_certificate_ASN1: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  SSL_CTX_use_PrivateKey: { parameters: ["pointer", "pointer"], result: "i32" },
  SSL_CTX_check_private_key: { parameters: ["pointer"], result: "i32" },
  BIO_new_mem_buf: { parameters: ["buffer", "i32"], result: "pointer" },
  BIO_free: { parameters: ["pointer"], result: "i32" },
  PEM_read_bio_PrivateKey: { parameters: ["pointer", "pointer", "pointer", "pointer"], result: "pointer" },
  EVP_PKEY_free: { parameters: ["pointer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

const CONNECTION_SYMBOLS = {
  SSL_new: { parameters: ["pointer"], result: "pointer" },
  SSL_free: { parameters: ["pointer"], result: "void" },
  SSL_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  SSL_set_accept_state: { parameters: ["pointer"], result: "void" },
  SSL_set_connect_state: { parameters: ["pointer"], result: "void" },
  SSL_set_bio: { parameters: ["pointer", "pointer", "pointer"], result: "void" },
  DTLS_set_timer_cb: { parameters: ["pointer", "pointer"], result: "void" },
  SSL_do_handshake: { parameters: ["pointer"], result: "i32" },
  SSL_get_session: { parameters: ["pointer"], result: "pointer" },
  SSL_SESSION_get_master_key: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
  SSL_get_client_random: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
  SSL_get_server_random: { parameters: ["pointer", "buffer", "usize"], result: "usize" },
  SSL_get_current_cipher: { parameters: ["pointer"], result: "pointer" },
  SSL_CIPHER_get_protocol_id: { parameters: ["pointer"], result: "u16" },
  SSL_get_error: { parameters: ["pointer", "i32"], result: "i32" },
  SSL_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_shutdown: { parameters: ["pointer"], result: "i32" },
  SSL_get_selected_srtp_profile: { parameters: ["pointer"], result: "pointer" },
  SSL_get0_peer_certificate: { parameters: ["pointer"], result: "pointer" },
  SSL_export_keying_material: {
    parameters: ["pointer", "buffer", "usize", "buffer", "usize", "pointer", "usize", "i32"],
    result: "i32",
  },
  i2d_X509_bio: { parameters: ["pointer", "pointer"], result: "i32" },
  BIO_s_mem: { parameters: [], result: "pointer" },
  BIO_new: { parameters: ["pointer"], result: "pointer" },
  BIO_read: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_write: { parameters: ["pointer", "buffer", "i32"], result: "i32" },
  BIO_ctrl: { parameters: ["pointer", "i32", "i64", "pointer"], result: "i64" },
  ERR_clear_error: { parameters: [], result: "void" },
  ERR_peek_last_error: { parameters: [], result: "u64" },
  ERR_error_string_n: { parameters: ["u64", "buffer", "usize"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** Of the C library, which libssl depends on. */
const C_SYMBOLS = {
  dlopen: { parameters: ["buffer", "i32"], result: "pointer" },
  dlsym: { parameters: ["pointer", "buffer"], result: "pointer" },
  /** Deno.UnsafePointer is refused where FFI is not allowed as a whole. memcpy of nothing gives the address back. */
  pointerTo: { name: "memcpy", parameters: ["buffer", "buffer", "usize"], result: "pointer" },
  copyFrom: { name: "memcpy", parameters: ["buffer", "pointer", "usize"], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const SYMBOLS = { ...CONTEXT_SYMBOLS, ...CONNECTION_SYMBOLS, ...C_SYMBOLS } as const;

/** OpenSSL's libssl, open. None of its functions may be given NULL where it wants an object. */
export interface Libssl {
  readonly path: string;
  readonly call: Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;
  /** The address of one of its functions, to be a callback; null where there is none of that name. */
  addressOf(name: string): Deno.PointerValue;
  /** What OpenSSL last complained of, in its words, without where it did. */
  lastError(): string;
  close(): void;
}

export type OpenedLibssl = { readonly ok: true; readonly libssl: Libssl } | {
  readonly ok: false;
  readonly reason: string;
};

/** Opens libssl where it is there and may be opened. */
export function openLibssl(): OpenedLibssl {
  const opened = openForGood(LIBSSL, SYMBOLS);
  if (!opened.ok) return opened;
  const { path, symbols: call } = opened;
  const handle = call.dlopen(cString(path), RTLD_LAZY);
  const text = new Uint8Array(256);
  return {
    ok: true,
    libssl: {
      path,
      call,
      addressOf: (name) => handle === null ? null : call.dlsym(handle, cString(name)),
      lastError() {
        const code = call.ERR_peek_last_error();
        if (code === 0n) return "OpenSSL gives no reason";
        call.ERR_error_string_n(code, text, BigInt(text.length));
        // error:0A0000C1:SSL routines::no shared cipher
        const words = new TextDecoder().decode(text.subarray(0, text.indexOf(0)));
        return words.slice(words.lastIndexOf(":") + 1);
      },
      close: () => opened.close(),
    },
  };
}

/** A string as C has it, in memory that does not move. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  const encoded = new TextEncoder().encode(`${text}\0`);
  const bytes = new Uint8Array(new ArrayBuffer(encoded.length));
  bytes.set(encoded);
  return bytes;
}
