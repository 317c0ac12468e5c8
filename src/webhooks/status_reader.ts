/** `HTTP/1.1 200` and what stands behind it (RFC 9112 section 4). */
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)[ \r\n]$/;
const LENGTH = "HTTP/1.1 200 ".length;
const SWITCHING_PROTOCOLS = 101;
const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/**
 * Reads of an HTTP/1.1 response the one thing that matters to a webhook, its status. Interim responses (RFC 9110 section
 * 15.2) are passed over.
 */
export class StatusReader {
  #start = "";
  /** Within the header of an interim response, whether the line has nothing so far. */
  #isLineEmpty: boolean | undefined;

  /** Takes what has come; the status once it is there, undefined as long as it is not, `invalid` where this is no HTTP. */
  read(bytes: Uint8Array): number | "invalid" | undefined {
    for (const byte of bytes) {
      const status = this.#isLineEmpty === undefined ? this.#readStart(byte) : this.#passOver(byte);
      if (status !== undefined) return status;
    }
    return undefined;
  }

  #readStart(byte: number): number | "invalid" | undefined {
    this.#start += String.fromCharCode(byte);
    if (this.#start.length < LENGTH) return undefined;
    const status = Number(STATUS_LINE.exec(this.#start)?.[1] ?? 0);
    if (status === 0) return "invalid";
    if (status >= 200 || status === SWITCHING_PROTOCOLS) return status;
    this.#isLineEmpty = byte === LINE_FEED;
    return undefined;
  }

  #passOver(byte: number): undefined {
    if (byte === CARRIAGE_RETURN) return;
    if (byte !== LINE_FEED) {
      this.#isLineEmpty = false;
    } else if (this.#isLineEmpty) {
      this.#start = "";
      this.#isLineEmpty = undefined;
    } else {
      this.#isLineEmpty = true;
    }
  }
}
