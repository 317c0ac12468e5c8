import { Buffer } from "node:buffer";
import type { SrtpKeying } from "../../src/webrtc/dtls.ts";

/** What arrays held that were filled with zeros. */
export class WipeSpy implements Disposable {
  readonly #wiped: Uint8Array[] = [];
  readonly #fill = Uint8Array.prototype.fill;
  readonly #bufferFill = Buffer.prototype.fill;

  /** Looks on from here to the end of the test's block; one at a time. */
  constructor() {
    const note = (array: Uint8Array, value: unknown, start?: number, end?: number) => {
      if (value === 0) this.#wiped.push(new Uint8Array(array).slice(start, end));
    };
    const [fill, bufferFill] = [this.#fill, this.#bufferFill];
    Uint8Array.prototype.fill = function (value, start, end) {
      note(this, value, start, end);
      return fill.call(this, value, start, end);
    };
    Buffer.prototype.fill = function (this: Buffer, value: number, start?: number, end?: number) {
      note(this, value, start, end);
      return bufferFill.call(this, value, start, end);
    } as Buffer["fill"];
  }

  /** How often an array was wiped in which these bytes stood. */
  count(bytes: Uint8Array): number {
    return this.#wiped.filter((wiped) => Buffer.from(wiped).includes(Buffer.from(bytes))).length;
  }

  [Symbol.dispose](): void {
    Uint8Array.prototype.fill = this.#fill;
    Buffer.prototype.fill = this.#bufferFill;
  }
}

/** Whether nothing but zeros is left of the keys. */
export function isWiped({ local, remote }: SrtpKeying): boolean {
  return [local.key, local.salt, remote.key, remote.salt].every((bytes) => bytes.every((byte) => byte === 0));
}
