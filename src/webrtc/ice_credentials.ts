/** RFC 8839 section 5.4. */
const UFRAG = /^[A-Za-z0-9+/]{4,256}$/;
const PASSWORD = /^[A-Za-z0-9+/]{22,256}$/;

/** Whether a client may call itself so in ICE. */
export function isUfrag(text: string): boolean {
  return UFRAG.test(text);
}

/** Whether a client may sign with it; 22 characters are the 128 bits that are asked for. */
export function isIcePassword(text: string): boolean {
  return PASSWORD.test(text);
}
