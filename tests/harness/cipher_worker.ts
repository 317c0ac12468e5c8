/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** Opens a cipher library in a worker, makes it put an error on the worker's thread, and ends. */
import { openBoringSsl } from "../../src/io/native/boringssl_cipher.ts";

const opened = openBoringSsl();
if ("library" in opened) {
  const cipher = opened.library.ciphers.SRTP_AEAD_AES_128_GCM?.(new Uint8Array(16), new Uint8Array(0));
  const isOpened = cipher?.open(new Uint8Array(12), new Uint8Array(100), 12, 60, undefined, 72);
  self.postMessage(isOpened);
}
self.close();
