/** What fits in it is read at once; it grows for a longer reply. */
const FIRST_BYTES = 64 * 1024;
/** A longer reply is none that we have asked for. */
const MAX_BYTES = 1024 * 1024;
const MAX_DEPTH = 4;
/** With less space than this what is left is moved to the front. */
const MIN_SPACE = 16 * 1024;
/** Where a value ends that has not come whole, and one that is none. */
const [INCOMPLETE, INVALID] = [-1, -2];
const CR = 13;
const LF = 10;

const [SIMPLE, ERROR, PUSH] = ["+", "-", ">"].map((type) => type.charCodeAt(0));
/** Of a length in bytes, and of a length in elements, for how many values each stands. */
const BULKS = new Set(["$", "=", "!"].map((type) => type.charCodeAt(0)));
const AGGREGATES = new Map(
  ([["*", 1], ["~", 1], [">", 1], ["%", 2], ["|", 2]] as const).map(([type, values]) => [type.charCodeAt(0), values]),
);
const LINES = new Set(["+", "-", ":", ",", "#", "_", "("].map((type) => type.charCodeAt(0)));

const decoder = new TextDecoder();

/** Takes what Redis says (RESP3), as far as it is of interest to who publishes and is subscribed. */
export interface RespHandler {
  /** Of a subject: `message` is valid during the call. */
  handleMessage(subject: string, message: Uint8Array): void;
  /** A reply that is one line of text, as PONG or OK. */
  handleStatus(text: string): void;
  handleError(text: string): void;
  /** Any other reply, whatever it is: its bytes are valid during the call. */
  handleOther(reply: Uint8Array): void;
}

/** Finds replies and messages in what comes, however it is cut. */
export class RespReader {
  readonly #handler: RespHandler;
  #buffer = new Uint8Array(FIRST_BYTES);
  #start = 0;
  #end = 0;

  constructor(handler: RespHandler) {
    this.#handler = handler;
  }

  /** Where to read what comes next. */
  get space(): Uint8Array {
    return this.#buffer.subarray(this.#end);
  }

  /** Takes so many bytes, which were put into `space`. False where they are not RESP: nothing more is read then. */
  handleBytes(length: number): boolean {
    this.#end += length;
    while (this.#start < this.#end) {
      const end = this.#endOf(this.#start, 0);
      if (end === INVALID) return false;
      if (end === INCOMPLETE) return this.#makeSpace();
      this.#handle(this.#start, end);
      this.#start = end;
    }
    this.#start = 0;
    this.#end = 0;
    return true;
  }

  #handle(start: number, end: number): void {
    const type = this.#buffer[start];
    if (type === PUSH) this.#handlePush(start);
    else if (type === SIMPLE) this.#handler.handleStatus(this.#text(start + 1, end - 2));
    else if (type === ERROR) this.#handler.handleError(this.#text(start + 1, end - 2));
    else this.#handler.handleOther(this.#buffer.subarray(start, end));
  }

  /** `message`, the subject and the message, each with its length; what is subscribed is told by pushes as well. */
  #handlePush(start: number): void {
    if (this.#numberAt(start + 1) !== 3) return;
    const kind = this.#bulk(this.#lineEnd(start) + 2);
    if (kind === undefined || this.#text(kind.start, kind.end) !== "message") return;
    const subject = this.#bulk(kind.end + 2);
    const message = subject && this.#bulk(subject.end + 2);
    if (message === undefined) return;
    this.#handler.handleMessage(
      this.#text(subject?.start ?? 0, subject?.end ?? 0),
      this.#buffer.subarray(message.start, message.end),
    );
  }

  /** Where the content of a value is that has its length in bytes in front. */
  #bulk(offset: number): { readonly start: number; readonly end: number } | undefined {
    if (!BULKS.has(this.#buffer[offset])) return undefined;
    const start = this.#lineEnd(offset) + 2;
    return { start, end: start + this.#numberAt(offset + 1) };
  }

  /** Where the value at `offset` ends. */
  #endOf(offset: number, depth: number): number {
    if (offset >= this.#end) return INCOMPLETE;
    const type = this.#buffer[offset];
    const lineEnd = this.#lineEnd(offset);
    if (LINES.has(type)) return lineEnd < 0 ? lineEnd : lineEnd + 2;
    const values = AGGREGATES.get(type);
    if (values === undefined && !BULKS.has(type)) return INVALID;
    if (lineEnd < 0) return lineEnd;
    const length = this.#numberAt(offset + 1);
    // -1 stands for no value.
    if (!(length >= -1 && length <= MAX_BYTES)) return INVALID;
    if (values !== undefined) return this.#endOfAll(lineEnd + 2, length * values, depth + 1);
    const end = lineEnd + 2 + (length < 0 ? 0 : length + 2);
    return end <= this.#end ? end : INCOMPLETE;
  }

  #endOfAll(offset: number, count: number, depth: number): number {
    if (depth > MAX_DEPTH) return INVALID;
    let end = offset;
    for (let i = 0; i < count && end >= 0; i++) end = this.#endOf(end, depth);
    return end;
  }

  /** Where the CR of the line at `offset` is. */
  #lineEnd(offset: number): number {
    const at = this.#buffer.indexOf(CR, offset);
    if (at < 0 || at + 1 >= this.#end) return INCOMPLETE;
    return this.#buffer[at + 1] === LF ? at : INVALID;
  }

  /** The number in a line; NaN where there is none. */
  #numberAt(offset: number): number {
    const text = this.#text(offset, this.#lineEnd(offset));
    return /^-?\d{1,10}$/.test(text) ? Number(text) : NaN;
  }

  #text(start: number, end: number): string {
    return decoder.decode(this.#buffer.subarray(start, end));
  }

  /** Room for the rest of a value; false where it takes too much. */
  #makeSpace(): boolean {
    if (this.#buffer.length - this.#end >= MIN_SPACE) return true;
    const rest = this.#buffer.subarray(this.#start, this.#end);
    if (rest.length >= MAX_BYTES) return false;
    if (rest.length > this.#buffer.length / 2) this.#buffer = new Uint8Array(2 * this.#buffer.length);
    this.#buffer.set(rest);
    this.#start = 0;
    this.#end = rest.length;
    return true;
  }
}
