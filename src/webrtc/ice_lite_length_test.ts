import assert from "node:assert/strict";
import { writeUint16 } from "../rtp/bytes.ts";
import { IceLite } from "./ice_lite.ts";
import { ATTRIBUTE, BINDING_REQUEST, FINGERPRINT_LENGTH, STUN_HEADER_LENGTH } from "./stun.ts";
import { writeBindingRequest } from "./stun_request.ts";
import { MAX_RESPONSE_LENGTH } from "./stun_response.ts";
import { beginMessage, endMessage, writeAscii, writeAttribute } from "./stun_writer.ts";

const CREDENTIALS = { ufrag: "server12", password: "p".repeat(24) };
const HOSTS = ["192.0.2.1", "2001:db8::1"];
const UNKNOWN = 0x7001;

/** What a request has besides USERNAME and MESSAGE-INTEGRITY. */
interface Content {
  readonly hasPriority: boolean;
  readonly isControlled: boolean;
  /** Comprehension-required attributes that the server does not know. */
  readonly unknown: number;
  readonly hasFingerprint: boolean;
}

/** As short as it can be; the client's ufrag is missing. */
function shortRequest({ hasPriority, isControlled, unknown, hasFingerprint }: Content): Uint8Array {
  const bytes = new Uint8Array(256);
  const username = `${CREDENTIALS.ufrag}:`;
  let offset = beginMessage(bytes, BINDING_REQUEST, new Uint8Array(12), 0);
  const text = offset + 4;
  offset = writeAttribute(bytes, offset, ATTRIBUTE.USERNAME, username.length);
  writeAscii(bytes, text, username);
  if (hasPriority) offset = writeAttribute(bytes, offset, ATTRIBUTE.PRIORITY, 4);
  if (isControlled) offset = writeAttribute(bytes, offset, ATTRIBUTE.ICE_CONTROLLED, 8);
  for (let i = 0; i < unknown; i++) offset = writeAttribute(bytes, offset, UNKNOWN + i, 0);
  const length = endMessage(bytes, offset, CREDENTIALS.password);
  if (hasFingerprint) return bytes.slice(0, length);
  writeUint16(bytes, 2, length - FINGERPRINT_LENGTH - STUN_HEADER_LENGTH);
  return bytes.slice(0, length - FINGERPRINT_LENGTH);
}

function contents(): Content[] {
  const both = [false, true];
  return both.flatMap((hasPriority) =>
    both.flatMap((isControlled) =>
      both.flatMap((hasFingerprint) =>
        Array.from({ length: 12 }, (_, unknown) => ({ hasPriority, isControlled, hasFingerprint, unknown }))
      )
    )
  );
}

Deno.test({
  name: "B226: no request is answered by more bytes than it has, and a shorter one changes nothing",
  permissions: "none",
  fn() {
    const lengths = new Map<string, number>();
    for (const hostname of HOSTS) {
      for (const content of contents()) {
        const ice = new IceLite(CREDENTIALS, 0);
        const request = shortRequest(content);
        const from = { hostname, port: 1000 };
        const length = ice.handleDatagram(request, request.length, from, 1000, new Uint8Array(MAX_RESPONSE_LENGTH));
        const what = `${hostname} ${JSON.stringify(content)}`;
        assert.ok(length <= request.length, `${what}: ${length} for ${request.length}`);
        lengths.set(what, length);
        const isAccepted = length > 0 && content.hasPriority && !content.isControlled && content.unknown === 0;
        assert.deepEqual([ice.requests, ice.rejected], isAccepted ? [1, 0] : [0, 1], what);
        assert.deepEqual([ice.isValidated(from), ice.lastRequestMs], isAccepted ? [true, 1000] : [false, 0], what);
      }
    }
    const isSilent = (hostname: string, content: Partial<Content>) =>
      lengths.get(
        `${hostname} ${
          JSON.stringify({ hasPriority: true, isControlled: false, hasFingerprint: false, unknown: 0, ...content })
        }`,
      ) === 0;
    assert.deepEqual(HOSTS.map((hostname) => isSilent(hostname, {})), [false, true]);
    assert.deepEqual(HOSTS.map((hostname) => isSilent(hostname, { hasFingerprint: true })), [false, false]);
    assert.deepEqual(HOSTS.map((hostname) => isSilent(hostname, { hasPriority: false, unknown: 1 })), [true, true]);
  },
});

Deno.test({
  name: "B226: what RFC 8445 wants in a check is enough for any answer to it",
  permissions: "none",
  fn() {
    for (const hostname of HOSTS) {
      for (
        const [role, hasPriority] of [["controlling", true], ["controlled", true], ["controlling", false]] as const
      ) {
        const request = new Uint8Array(200);
        const length = writeBindingRequest(request, {
          transactionId: new Uint8Array(12),
          username: `${CREDENTIALS.ufrag}:four`,
          password: CREDENTIALS.password,
          role,
          ...(hasPriority && { priority: 1 }),
        });
        const ice = new IceLite(CREDENTIALS, 0);
        const response = new Uint8Array(MAX_RESPONSE_LENGTH);
        assert.ok(
          ice.handleDatagram(request, length, { hostname, port: 1000 }, 0, response) > 0,
          `${role} ${hostname}`,
        );
      }
    }
  },
});
