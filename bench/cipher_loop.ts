/**
 * One library's ciphers of one profile, for `ciphers.ts`: each line on stdin is answered with a CipherWindow, the first
 * with the CipherStart. Arguments: library, profile, contexts.
 */
import { openBoringSsl } from "../src/io/native/boringssl_cipher.ts";
import type { CipherLibraryResult } from "../src/io/native/cipher_library.ts";
import { openGnuTls } from "../src/io/native/gnutls_cipher.ts";
import { openOpenSsl } from "../src/io/native/openssl_cipher.ts";
import { portableCiphers } from "../src/io/portable/cipher.ts";
import { SLOT_SIZE } from "../src/webrtc/datagram.ts";
import type { SrtpCipher } from "../src/webrtc/srtp/cipher.ts";
import { SRTP_PROFILES, type SrtpProfile } from "../src/webrtc/srtp/profile.ts";

/** Memory, or why there is nothing to measure. */
export interface CipherStart {
  readonly missing?: string;
  /** RSS of each context, in bytes. */
  readonly contextBytes?: number;
}

/** Microseconds a packet. */
export interface CipherWindow {
  readonly seal: number;
  readonly open: number;
}

const PACKET_LENGTH = 1200;
const HEADER_LENGTH = 20;
/** Packets between two looks at the clock: few, so that a preempted burst is an outlier. */
const BURST = 64;
const BURSTS = 300;
const CONTEXTS_WEIGHED = 20_000;

const OPEN: Record<string, () => CipherLibraryResult> = {
  BoringSSL: openBoringSsl,
  GnuTLS: openGnuTls,
  OpenSSL: openOpenSsl,
};

const [name, profile, contextCount] = [Deno.args[0], Deno.args[1] as SrtpProfile, Number(Deno.args[2])];

/** Makes a cipher of the profile, another one for each seed; or says why that cannot be. */
function creator(): ((seed: number) => SrtpCipher) | string {
  const { keyLength, aead } = SRTP_PROFILES[profile];
  const key = (seed: number) => Uint8Array.from({ length: keyLength }, (_, at) => at * 7 + seed);
  const authKey = new Uint8Array(aead ? 0 : 20).fill(9);
  if (name === "portable") return (seed) => portableCiphers.create(profile, key(seed), authKey);
  const opened = OPEN[name]();
  if ("reason" in opened) return opened.reason;
  const create = opened.library.ciphers[profile];
  return create === undefined ? "has no such cipher" : (seed) => create(key(seed), authKey);
}

function weigh(create: (seed: number) => SrtpCipher): number {
  const before = Deno.memoryUsage().rss;
  const ciphers = Array.from({ length: CONTEXTS_WEIGHED }, (_, seed) => create(seed));
  const bytes = (Deno.memoryUsage().rss - before) / CONTEXTS_WEIGHED;
  for (const cipher of ciphers) cipher.close();
  return bytes;
}

class Loop {
  readonly #ciphers: readonly SrtpCipher[];
  readonly #iv: Uint8Array;
  readonly #trailer: Uint8Array | undefined;
  readonly #source = new Uint8Array(SLOT_SIZE).fill(0x5a);
  readonly #slots = Array.from({ length: BURST }, () => new Uint8Array(SLOT_SIZE));
  readonly #sealed: readonly Uint8Array[];
  readonly #payloadLength: number;
  readonly #tagOffset: number;
  #next = 0;

  constructor(ciphers: readonly SrtpCipher[]) {
    const { aead, tagLength } = SRTP_PROFILES[profile];
    this.#ciphers = ciphers;
    this.#iv = new Uint8Array(aead ? 12 : 16).fill(3);
    this.#trailer = aead ? undefined : new Uint8Array(4);
    this.#tagOffset = PACKET_LENGTH - tagLength;
    this.#payloadLength = this.#tagOffset - HEADER_LENGTH;
    this.#sealed = ciphers.map((cipher) => {
      const packet = new Uint8Array(SLOT_SIZE);
      this.#seal(cipher, packet);
      return packet;
    });
  }

  run(): CipherWindow {
    return { seal: median(() => this.#sealBurst()), open: median(() => this.#openBurst()) };
  }

  #seal(cipher: SrtpCipher, packet: Uint8Array): void {
    const [length, source] = [this.#payloadLength, this.#source];
    cipher.seal(this.#iv, packet, HEADER_LENGTH, source, 24, length, this.#trailer, this.#tagOffset);
  }

  #sealBurst(): number {
    const start = performance.now();
    for (let i = 0; i < BURST; i++) this.#seal(this.#ciphers[this.#turn()], this.#slots[i]);
    return performance.now() - start;
  }

  #openBurst(): number {
    const first = this.#next;
    for (let i = 0; i < BURST; i++) this.#slots[i].set(this.#sealed[this.#turn()]);
    this.#next = first;
    let opened = 0;
    const start = performance.now();
    for (let i = 0; i < BURST; i++) {
      const cipher = this.#ciphers[this.#turn()];
      const [slot, length] = [this.#slots[i], this.#payloadLength];
      if (cipher.open(this.#iv, slot, HEADER_LENGTH, length, this.#trailer, this.#tagOffset)) opened++;
    }
    const took = performance.now() - start;
    if (opened !== BURST) throw new Error(`only ${opened} of ${BURST} packets could be opened`);
    return took;
  }

  #turn(): number {
    this.#next = this.#next + 1 === this.#ciphers.length ? 0 : this.#next + 1;
    return this.#next;
  }
}

function median(burst: () => number): number {
  const times = Array.from({ length: BURSTS }, burst).sort((a, b) => a - b);
  return times[BURSTS >> 1] * 1000 / BURST;
}

const create = creator();
let loop: Loop | undefined;
for await (const _line of Deno.stdin.readable) {
  if (typeof create === "string") {
    console.log(JSON.stringify({ missing: create } satisfies CipherStart));
  } else if (loop === undefined) {
    loop = new Loop(Array.from({ length: contextCount }, (_, seed) => create(seed)));
    for (let warmUp = 0; warmUp < 10; warmUp++) loop.run();
    console.log(JSON.stringify({ contextBytes: weigh(create) } satisfies CipherStart));
  } else {
    console.log(JSON.stringify(loop.run()));
  }
}
