import type { Buffer } from "node:buffer";
import { DTLS_1_2, type DtlsRecord, GCM_OVERHEAD, PROTECTED_EPOCH, writeRecord } from "./record.ts";

/** What a record's protection covers besides its content. */
export type RecordHeader = Omit<DtlsRecord, "fragment">;

/** The server's side of what protects the records of epoch 1. */
export interface RecordCipher {
  encrypt(content: Buffer, header: RecordHeader): Buffer;
  /** Throws on what is not authentic. */
  decrypt(fragment: Buffer, header: RecordHeader): Buffer;
  /** Overwrites the keys; neither of the others may be called afterwards. */
  wipe(): void;
}

const WINDOW = 64;

/** The records of epoch 1 in both directions: encryption, and the anti-replay window (RFC 6347 section 4.1.2.6). */
export class ProtectedRecords {
  readonly #cipher: RecordCipher;
  /** The next sequence number to send: one for each record, so that no nonce is used twice. */
  #next: number;
  #highest = -1;
  /** The last number accepted among those that are equal modulo WINDOW. */
  readonly #accepted = new Float64Array(WINDOW).fill(-1);

  /** `next` is the number of the first record to seal, behind what was sealed elsewhere. */
  constructor(cipher: RecordCipher, next = 0) {
    this.#cipher = cipher;
    this.#next = next;
  }

  /** An encrypted record of the next sequence number. */
  seal(type: number, fragment: Buffer): Buffer {
    const header = { type, version: DTLS_1_2, epoch: PROTECTED_EPOCH, sequenceNumber: this.#next++ };
    return writeRecord(type, header.epoch, header.sequenceNumber, this.#cipher.encrypt(fragment, header));
  }

  /** What a record holds; undefined where it is not authentic. */
  open(record: DtlsRecord): Buffer | undefined {
    if (record.fragment.length < GCM_OVERHEAD) return undefined;
    try {
      return this.#cipher.decrypt(record.fragment, record);
    } catch {
      // node:crypto throws on a wrong tag.
      return undefined;
    }
  }

  /** Wipes the keys; nothing is sealed or opened afterwards. */
  close(): void {
    this.#cipher.wipe();
  }

  /** Takes the number of an authentic record; false where it came before or is too old to tell. */
  accept(sequenceNumber: number): boolean {
    const slot = sequenceNumber % WINDOW;
    if (sequenceNumber <= this.#highest - WINDOW || this.#accepted[slot] === sequenceNumber) return false;
    this.#accepted[slot] = sequenceNumber;
    this.#highest = Math.max(this.#highest, sequenceNumber);
    return true;
  }
}
