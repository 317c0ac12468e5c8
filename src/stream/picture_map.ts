/** Pictures that are remembered: 2 s of three spatial layers of 30 a second, each of which counts, and some more. */
export const MAX_PICTURES = 256;
/** Sources that are remembered. */
export const MAX_SOURCES = 8;

/** The fields of a source, in the order they are kept in. */
const SOURCE_LENGTH = 4;
const SSRC = 0;
const FIRST_PICTURE = 1;
const FIRST_PLACE = 2;
const SHIFT = 3;

/** What became of a picture. */
export const MISSING = 0;
export const FORWARDED = 1;
export const LEFT_OUT = 2;

/** What is remembered of a picture: the number that it has going out, what became of it, and the layers forwarded then. */
export function pictureEntry(outgoing: number, state: number, level: number): number {
  return (outgoing & 0xffff) | (state << 16) | (level << 18);
}

export function outgoingOf(entry: number): number {
  return entry & 0xffff;
}

export function stateOf(entry: number): number {
  return (entry >> 16) & 0x03;
}

export function levelOf(entry: number): number {
  return entry >> 18;
}

/**
 * What became of each of the newest pictures (or frames) of one outgoing stream, over the sources that it had one after
 * the other. Each picture of a source has a place, also one that has not come: so its place follows from its count.
 */
export class PictureMap {
  /** Of the picture that was found: what its source began with. */
  shift = 0;
  readonly #entries = new Int32Array(MAX_PICTURES);
  readonly #sources = new Int32Array(MAX_SOURCES * SOURCE_LENGTH);
  /** Sources that began, those included that are forgotten. */
  #count = 0;
  /** The place behind the newest picture. Places go on for ever. */
  #end = 0;

  /** How many sources began. */
  get sources(): number {
    return this.#count;
  }

  /** The newest picture of the present source; the one before its first where none came. */
  get newest(): number {
    const source = this.#sourceAt(0);
    return this.#sources[source + FIRST_PICTURE] + this.#end - this.#sources[source + FIRST_PLACE] - 1;
  }

  /** A source begins with this picture. `shift` is whatever else is to be known of its pictures, 32 bits. */
  begin(ssrc: number, firstPicture: number, shift: number): void {
    this.#count++;
    const source = this.#sourceAt(0);
    this.#sources[source + SSRC] = ssrc;
    this.#sources[source + FIRST_PICTURE] = firstPicture;
    this.#sources[source + FIRST_PLACE] = this.#end;
    this.#sources[source + SHIFT] = shift;
  }

  /** Adds the next picture of the present source. */
  push(entry: number): void {
    this.#entries[this.#end & (MAX_PICTURES - 1)] = entry;
    this.#end++;
  }

  /** Passes over pictures of the present source, of which nothing will be known. */
  pass(count: number): void {
    this.#end += count;
  }

  /** The place of a picture of the present source; -1 where that is forgotten, or still to come. */
  find(ssrc: number, picture: number): number {
    return this.#findIn(this.#sourceAt(0), this.#end, ssrc, picture);
  }

  /** The place of a picture of any source, the newest one first; -1 where it is not known. */
  findAgain(ssrc: number, picture: number): number {
    let end = this.#end;
    for (let back = 0; back < Math.min(this.#count, MAX_SOURCES); back++) {
      const source = this.#sourceAt(back);
      const place = this.#findIn(source, end, ssrc, picture);
      if (place >= 0) return place;
      end = this.#sources[source + FIRST_PLACE];
    }
    return -1;
  }

  /** Whether a source with this SSRC had begun by this picture; true where sources are forgotten. */
  hasBegun(ssrc: number, picture: number): boolean {
    if (this.#count > MAX_SOURCES) return true;
    for (let back = 0; back < this.#count; back++) {
      const source = this.#sourceAt(back);
      if (this.#sources[source + SSRC] === (ssrc | 0) && picture >= this.#sources[source + FIRST_PICTURE]) return true;
    }
    return false;
  }

  entryAt(place: number): number {
    return this.#entries[place & (MAX_PICTURES - 1)];
  }

  setEntryAt(place: number, entry: number): void {
    this.#entries[place & (MAX_PICTURES - 1)] = entry;
  }

  /** Looks among the pictures of a source, which end in front of the place `end`. */
  #findIn(source: number, end: number, ssrc: number, picture: number): number {
    if (this.#sources[source + SSRC] !== (ssrc | 0)) return -1;
    const first = this.#sources[source + FIRST_PLACE];
    const place = first + picture - this.#sources[source + FIRST_PICTURE];
    if (place < first || place >= end || place < this.#end - MAX_PICTURES) return -1;
    this.shift = this.#sources[source + SHIFT];
    return place;
  }

  /** Where the source is kept that began `back` sources before the present one. */
  #sourceAt(back: number): number {
    return ((this.#count - 1 - back + MAX_SOURCES) % MAX_SOURCES) * SOURCE_LENGTH;
  }
}
