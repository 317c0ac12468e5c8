/** Text inside a source file: a comment, the content of a string, or one piece of a template. */
export interface Piece {
  readonly text: string;
  readonly offset: number;
}

/** A TypeScript or JavaScript source, taken apart as far as the architecture tests need. */
export interface SourceText {
  /** The source with the content of comments, strings, templates and regular expressions blanked; offsets stay. */
  readonly code: string;
  readonly comments: readonly Piece[];
  readonly strings: readonly Piece[];
}

/** Takes a source apart. Code inside `${}` counts as code. */
export function scan(source: string): SourceText {
  return new Scanner(source).run();
}

/** The line that an offset is in, from 1. */
export function lineAt(source: string, offset: number): number {
  let line = 1;
  for (let i = source.indexOf("\n"); i >= 0 && i < offset; i = source.indexOf("\n", i + 1)) line++;
  return line;
}

/** After these a slash begins a regular expression; anywhere else it divides. */
const BEFORE_REGEX = /(?:^|[(,=:[!&|?{;+\-*%<>~^]|\b(?:return|typeof|case|in|of|do|else|void|throw))\s*$/;

class Scanner {
  readonly #source: string;
  readonly #comments: Piece[] = [];
  readonly #strings: Piece[] = [];
  /** For each open template expression: braces open inside it. */
  readonly #braces: number[] = [];
  #code = "";
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  run(): SourceText {
    while (this.#at < this.#source.length) this.#next();
    return { code: this.#code, comments: this.#comments, strings: this.#strings };
  }

  #next(): void {
    const two = this.#source.slice(this.#at, this.#at + 2);
    const one = two[0];
    if (two === "//") this.#blank(this.#lineEnd(), this.#comments);
    else if (two === "/*") this.#blank(this.#after("*/"), this.#comments);
    else if (one === '"' || one === "'") this.#quoted(one);
    else if (one === "`") this.#template();
    else if (one === "/" && BEFORE_REGEX.test(this.#code.slice(-20))) this.#regularExpression();
    else if (one === "}" && this.#braces.at(-1) === 0) this.#endOfExpression();
    else this.#keepCode(one);
  }

  #keepCode(character: string): void {
    const depth = this.#braces.length - 1;
    if (depth >= 0 && character === "{") this.#braces[depth]++;
    if (depth >= 0 && character === "}") this.#braces[depth]--;
    this.#keep(1);
  }

  #endOfExpression(): void {
    this.#braces.pop();
    this.#template();
  }

  /** A template's text from its opening backtick, or from the brace that ends an expression. */
  #template(): void {
    this.#keep(1);
    let end = this.#at;
    while (end < this.#source.length && this.#source[end] !== "`" && this.#source.slice(end, end + 2) !== "${") {
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#blank(end, this.#strings);
    if (this.#source[this.#at] === "$") this.#braces.push(0);
    this.#keep(this.#source[this.#at] === "$" ? 2 : 1);
  }

  #quoted(quote: string): void {
    this.#keep(1);
    let end = this.#at;
    while (end < this.#source.length && this.#source[end] !== quote && this.#source[end] !== "\n") {
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#blank(end, this.#strings);
    this.#keep(1);
  }

  #regularExpression(): void {
    this.#keep(1);
    let inClass = false;
    let end = this.#at;
    while (end < this.#source.length && (inClass || this.#source[end] !== "/") && this.#source[end] !== "\n") {
      if (this.#source[end] === "[") inClass = true;
      if (this.#source[end] === "]") inClass = false;
      end += this.#source[end] === "\\" ? 2 : 1;
    }
    this.#blank(end);
    this.#keep(1);
  }

  #keep(length: number): void {
    this.#code += this.#source.slice(this.#at, this.#at + length);
    this.#at += length;
  }

  #blank(end: number, pieces?: Piece[]): void {
    const text = this.#source.slice(this.#at, end);
    pieces?.push({ text, offset: this.#at });
    this.#code += text.replace(/[^\n]/g, " ");
    this.#at = end;
  }

  #lineEnd(): number {
    const end = this.#source.indexOf("\n", this.#at);
    return end < 0 ? this.#source.length : end;
  }

  #after(mark: string): number {
    const start = this.#source.indexOf(mark, this.#at + 2);
    return start < 0 ? this.#source.length : start + mark.length;
  }
}
