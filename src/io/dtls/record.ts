import { Buffer } from "node:buffer";

/** Content types of the record layer (RFC 5246 section 6.2.1). */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;

export const WARNING = 1;
export const FATAL = 2;

/** Alerts (RFC 5246 section 7.2). */
export const CLOSE_NOTIFY = 0;
export const HANDSHAKE_FAILURE = 40;
export const DECRYPT_ERROR = 51;

/** DTLS 1.2 on the wire; a first ClientHello may come in records of DTLS 1.0 (RFC 6347 section 4.2.1). */
export const DTLS_1_2 = 0xfefd;
const DTLS_1_0 = 0xfeff;

/** The epoch after ChangeCipherSpec. There is no renegotiation, so no later one. */
export const PROTECTED_EPOCH = 1;

/** Bytes that AES-GCM adds to a content: explicit nonce and tag (RFC 5288 section 3). A shorter record is forged. */
export const GCM_OVERHEAD = 8 + 16;

/** Bytes of a datagram that no path has to fragment. */
export const MAX_DATAGRAM = 1_200;

/** Bytes of a record before its fragment. */
export const RECORD_HEADER = 13;

/** One record (RFC 6347 section 4.1). */
export interface DtlsRecord {
  readonly type: number;
  readonly version: number;
  readonly epoch: number;
  /** 48 bits. */
  readonly sequenceNumber: number;
  /** A view of the datagram. */
  readonly fragment: Buffer;
}

/** The records of a datagram; undefined where it is not records of DTLS 1.0 or 1.2 from the first byte to the last. */
export function readRecords(datagram: Uint8Array): DtlsRecord[] | undefined {
  const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.byteLength);
  const records: DtlsRecord[] = [];
  let start = 0;
  while (start < bytes.length) {
    const record = readRecord(bytes, start);
    if (record === undefined) return undefined;
    records.push(record);
    start += RECORD_HEADER + record.fragment.length;
  }
  return records.length > 0 ? records : undefined;
}

function readRecord(bytes: Buffer, start: number): DtlsRecord | undefined {
  const body = start + RECORD_HEADER;
  if (body > bytes.length) return undefined;
  const type = bytes[start];
  const version = bytes.readUInt16BE(start + 1);
  const end = body + bytes.readUInt16BE(start + 11);
  if (type < CHANGE_CIPHER_SPEC || type > APPLICATION_DATA || end > bytes.length) return undefined;
  if (version !== DTLS_1_2 && version !== DTLS_1_0) return undefined;
  const epoch = bytes.readUInt16BE(start + 3);
  return { type, version, epoch, sequenceNumber: bytes.readUIntBE(start + 5, 6), fragment: bytes.subarray(body, end) };
}

/** A record of DTLS 1.2. */
export function writeRecord(type: number, epoch: number, sequenceNumber: number, fragment: Uint8Array): Buffer {
  const record = Buffer.alloc(RECORD_HEADER + fragment.length);
  record[0] = type;
  record.writeUInt16BE(DTLS_1_2, 1);
  record.writeUInt16BE(epoch, 3);
  record.writeUIntBE(sequenceNumber, 5, 6);
  record.writeUInt16BE(fragment.length, 11);
  record.set(fragment, RECORD_HEADER);
  return record;
}

/** Joins records into as few datagrams as `limit` bytes each allow; a record that is longer goes alone. */
export function packRecords(records: readonly Uint8Array[], limit: number): Uint8Array[] {
  const datagrams: Uint8Array[] = [];
  let group: Uint8Array[] = [];
  let length = 0;
  for (const record of records) {
    if (length > 0 && length + record.length > limit) {
      datagrams.push(joined(group, length));
      group = [];
      length = 0;
    }
    group.push(record);
    length += record.length;
  }
  if (length > 0) datagrams.push(joined(group, length));
  return datagrams;
}

/** No Buffer, which would go to another isolate as an array of numbers first (message_text.ts). */
function joined(records: readonly Uint8Array[], length: number): Uint8Array {
  const datagram = new Uint8Array(length);
  let end = 0;
  for (const record of records) {
    datagram.set(record, end);
    end += record.length;
  }
  return datagram;
}
