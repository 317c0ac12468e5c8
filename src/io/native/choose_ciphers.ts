import type { SrtpCipherFactory } from "../../webrtc/srtp/cipher.ts";
import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../../webrtc/srtp/profile.ts";
import { openBoringSsl } from "./boringssl_cipher.ts";
import { problemOf } from "./cipher_known_answers.ts";
import type { CipherLibrary, CipherLibraryResult, CreateCipher } from "./cipher_library.ts";
import { openGnuTls } from "./gnutls_cipher.ts";
import { openOpenSsl } from "./openssl_cipher.ts";

/** What protects SRTP, and why. */
export interface CipherChoice {
  /** Makes ciphers of every profile. */
  readonly ciphers: SrtpCipherFactory;
  /** The library behind each profile; undefined where it is the fallback. */
  readonly libraries: ReadonlyMap<SrtpProfile, string | undefined>;
  /** What protects each profile, and why not another library: short sentences, for the log and /healthz. */
  readonly reasons: readonly string[];
  /** To be called when all ciphers are closed. */
  close(): void;
}

/**
 * Fastest first. AEAD takes the same time by the first two, and Debian keeps the first for everyone and the second for the
 * Android SDK alone; the first has no AES in counter mode.
 */
const LIBRARIES: readonly (() => CipherLibraryResult)[] = [openGnuTls, openBoringSsl, openOpenSsl];

interface Chosen {
  readonly library: CipherLibrary;
  readonly create: CreateCipher;
}

/**
 * Takes for each profile the first of the libraries that is there and gives the known answers; `fallback` where none
 * does. A library is opened only if the ones before it leave something to do.
 */
export function chooseCiphers(
  fallback: SrtpCipherFactory,
  openers: readonly (() => CipherLibraryResult)[] = LIBRARIES,
): CipherChoice {
  const opened: CipherLibraryResult[] = [];
  const open = (index: number) => opened[index] ??= openers[index]();
  const chosen = new Map<SrtpProfile, Chosen>();
  const reasons = new Set<string>();
  for (const profile of SRTP_PROFILE_PREFERENCE) {
    for (let index = 0; index < openers.length && !chosen.has(profile); index++) {
      const result = tryLibrary(open(index), profile);
      if (typeof result === "string") reasons.add(result);
      else chosen.set(profile, result);
    }
    const library = chosen.get(profile)?.library;
    reasons.add(`${profile} by ${library === undefined ? "the portable cipher" : `${library.name}, ${library.path}`}`);
  }
  const libraries = opened.flatMap((result) => "library" in result ? [result.library] : []);
  const inUse = new Set([...chosen.values()].map(({ library }) => library));
  for (const library of libraries) if (!inUse.has(library)) library.close();
  return {
    ciphers: factoryOf(chosen, fallback),
    libraries: new Map(SRTP_PROFILE_PREFERENCE.map((profile) => [profile, chosen.get(profile)?.library.name])),
    reasons: [...reasons],
    close() {
      for (const library of inUse) library.close();
    },
  };
}

/** The library's ciphers of the profile, or why it is passed over, in words. */
function tryLibrary(result: CipherLibraryResult, profile: SrtpProfile): Chosen | string {
  if (!("library" in result)) return `${result.name} is passed over: ${result.reason}`;
  const { library } = result;
  const create = library.ciphers[profile];
  const problem = create === undefined ? "it has no such cipher" : problemOf(profile, create);
  if (create !== undefined && problem === undefined) return { library, create };
  return `${library.name} is passed over for ${profile}: ${problem}`;
}

function factoryOf(chosen: ReadonlyMap<SrtpProfile, Chosen>, fallback: SrtpCipherFactory): SrtpCipherFactory {
  return {
    create(profile, key, authKey) {
      const native = chosen.get(profile);
      return native === undefined ? fallback.create(profile, key, authKey) : native.create(key, authKey);
    },
  };
}
