import { Buffer } from "node:buffer";
import { createCipheriv, createDecipheriv } from "node:crypto";
import { prf } from "./prf.ts";
import type { RecordCipher, RecordHeader } from "./protected_records.ts";

/** The suites that are negotiated, by their numbers (RFC 5289 section 3.2). */
const SUITES = new Map(
  [
    [0xc02b, { hash: "sha256", keyLength: 16 }],
    [0xc02c, { hash: "sha384", keyLength: 32 }],
  ] as const,
);

const FIXED_IV_LENGTH = 4;
const NONCE_LENGTH = 8;
const TAG_LENGTH = 16;

/** What a completed handshake has agreed on. */
export interface RecordSecrets {
  readonly suite: number;
  readonly masterSecret: Uint8Array;
  readonly clientRandom: Uint8Array;
  readonly serverRandom: Uint8Array;
}

/** Keys of AES-GCM for both directions, from the server's side: all of them parts of one block. */
interface RecordKeys {
  readonly block: Buffer;
  readonly remoteKey: Buffer;
  readonly remoteIv: Buffer;
  readonly localKey: Buffer;
  readonly localIv: Buffer;
}

/** RFC 5246 section 6.3; AEAD has no keys for a MAC. Undefined for a suite that is none of ours. */
export function createGcmRecords(secrets: RecordSecrets): RecordCipher | undefined {
  const suite = SUITES.get(secrets.suite as 0xc02b | 0xc02c);
  if (suite === undefined) return undefined;
  const { hash, keyLength } = suite;
  const seed = Buffer.concat([Buffer.from("key expansion"), secrets.serverRandom, secrets.clientRandom]);
  const block = prf(hash, secrets.masterSecret, seed, 2 * (keyLength + FIXED_IV_LENGTH));
  let end = 0;
  const next = (length: number) => block.subarray(end, end += length);
  const [remoteKey, localKey] = [next(keyLength), next(keyLength)];
  return new GcmRecords({
    block,
    remoteKey,
    localKey,
    remoteIv: next(FIXED_IV_LENGTH),
    localIv: next(FIXED_IV_LENGTH),
  });
}

/** AES-GCM for records (RFC 5288): the explicit part of the nonce is epoch and sequence number. */
class GcmRecords implements RecordCipher {
  readonly #keys: RecordKeys;

  constructor(keys: RecordKeys) {
    this.#keys = keys;
  }

  encrypt(content: Buffer, header: RecordHeader): Buffer {
    const { localKey, localIv } = this.#keys;
    const nonce = recordNumber(header);
    const cipher = createCipheriv(algorithmOf(localKey), localKey, Buffer.concat([localIv, nonce]));
    cipher.setAAD(additionalData(header, content.length));
    return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
  }

  decrypt(fragment: Buffer, header: RecordHeader): Buffer {
    const { remoteKey, remoteIv } = this.#keys;
    const [nonce, tag] = [fragment.subarray(0, NONCE_LENGTH), fragment.subarray(-TAG_LENGTH)];
    const text = fragment.subarray(NONCE_LENGTH, -TAG_LENGTH);
    const decipher = createDecipheriv(algorithmOf(remoteKey), remoteKey, Buffer.concat([remoteIv, nonce]));
    decipher.setAAD(additionalData(header, text.length));
    decipher.setAuthTag(tag);
    return Buffer.concat([decipher.update(text), decipher.final()]);
  }

  wipe(): void {
    this.#keys.block.fill(0);
  }
}

function algorithmOf(key: Buffer): "aes-128-gcm" | "aes-256-gcm" {
  return key.length === 32 ? "aes-256-gcm" : "aes-128-gcm";
}

/** Epoch and sequence number, 8 bytes. */
function recordNumber({ epoch, sequenceNumber }: RecordHeader): Buffer {
  const number = Buffer.alloc(NONCE_LENGTH);
  number.writeUInt16BE(epoch, 0);
  number.writeUIntBE(sequenceNumber, 2, 6);
  return number;
}

/** RFC 5246 section 6.2.3.3, with the number of RFC 6347 section 4.1.2.1. */
function additionalData(header: RecordHeader, length: number): Buffer {
  const end = Buffer.alloc(5);
  end[0] = header.type;
  end.writeUInt16BE(header.version, 1);
  end.writeUInt16BE(length, 3);
  return Buffer.concat([recordNumber(header), end]);
}
