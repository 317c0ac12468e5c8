/** Bytes of the memory that a codec keeps: messages are shorter, but for a few. */
const USUAL_LENGTH = 4096;
/** Of UTF-8 for a UTF-16 code unit, at most. */
const MAX_UTF8_LENGTH = 3;

/** How the bytes of a message begin: in a string of JSON the quotes would be escaped. */
const BYTES_MARK = '{"base64":"';

/**
 * Messages of JSON's types and of Uint8Arrays as UTF-8, each in the memory of the one before it. This costs a fifth of
 * structured clone (node:v8), which allocates outside of V8's heap for each message. A field that is undefined is left
 * out.
 */
export class MessageEncoder {
  readonly #encoder = new TextEncoder();
  #bytes = new Uint8Array(USUAL_LENGTH);

  /** The bytes are valid until the next call. */
  encode(message: unknown): Uint8Array {
    const text = JSON.stringify(message, bytesToText);
    const maxLength = MAX_UTF8_LENGTH * text.length;
    const bytes = maxLength <= this.#bytes.length ? this.#bytes : new Uint8Array(maxLength);
    return bytes.subarray(0, this.#encoder.encodeInto(text, bytes).written);
  }
}

/** The other side of MessageEncoder. */
export class MessageDecoder {
  readonly #decoder = new TextDecoder();
  readonly #bytes = new Uint8Array(USUAL_LENGTH);

  /** Where the bytes of a message can be put; valid until the next call. */
  room(length: number): Uint8Array {
    return length <= this.#bytes.length ? this.#bytes.subarray(0, length) : new Uint8Array(length);
  }

  decode(bytes: Uint8Array): unknown {
    const text = this.#decoder.decode(bytes);
    // Most messages hold no bytes, and to look at each of their fields costs more than to parse them.
    return text.includes(BYTES_MARK) ? JSON.parse(text, textToBytes) : JSON.parse(text);
  }
}

/** Of `this`, since a Buffer of Node would already be an array of numbers. */
function bytesToText(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const field = this[key];
  return field instanceof Uint8Array ? { base64: field.toBase64() } : value;
}

function textToBytes(_key: string, value: unknown): unknown {
  const isBytes = typeof value === "object" && value !== null && "base64" in value;
  return isBytes && typeof value.base64 === "string" ? Uint8Array.fromBase64(value.base64) : value;
}
