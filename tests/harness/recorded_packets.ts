import fc from "fast-check";

/** What a real Chromium sent, see the README beside it. */
export const RECORDED_PACKETS = new URL("../fixtures/packets/chromium.json", import.meta.url);

export interface RecordedPackets {
  readonly stun: readonly { readonly password: string; readonly bytes: Uint8Array }[];
  readonly rtp: readonly RecordedRtp[];
  /** Compound packets. */
  readonly rtcp: readonly Uint8Array[];
  readonly signaling: readonly string[];
}

export interface RecordedRtp {
  /** MIME type in lower case. */
  readonly codec: string;
  readonly what: string;
  readonly bytes: Uint8Array;
}

export function readRecordedPackets(): RecordedPackets {
  const { stun, rtp, rtcp, signaling } = JSON.parse(Deno.readTextFileSync(RECORDED_PACKETS));
  const withBytes = <T extends { hex: string }>({ hex, ...rest }: T) => ({ ...rest, bytes: Uint8Array.fromHex(hex) });
  return { stun: stun.map(withBytes), rtp: rtp.map(withBytes), rtcp: rtcp.map(Uint8Array.fromHex), signaling };
}

/** Bytes that were set, taken out or put in, at a place that is taken around the end. */
type Edit = { readonly how: "set" | "cut" | "insert"; readonly at: number; readonly value: number };

const edit: fc.Arbitrary<Edit> = fc.record({
  how: fc.constantFrom("set", "set", "set", "cut", "insert"),
  // Headers are at the beginning: half of the edits go there.
  at: fc.oneof(fc.nat(40), fc.nat(0xffff)),
  value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
});

/** One of these packets with a few bytes that are others, and sometimes without its end. */
export function mutationOf(packets: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const edits = fc.array(edit, { minLength: 1, maxLength: 6 });
  return fc.tuple(fc.constantFrom(...packets), edits, fc.option(fc.nat(0xffff)))
    .map(([packet, edits, end]) => mutate(packet, edits, end));
}

function mutate(packet: Uint8Array, edits: readonly Edit[], end: number | null): Uint8Array {
  const bytes = [...packet];
  for (const { how, at, value } of edits) {
    const place = at % (bytes.length + 1);
    bytes.splice(place, how === "insert" ? 0 : 1, ...(how === "cut" ? [] : [value]));
  }
  return Uint8Array.from(end === null ? bytes : bytes.slice(0, end % (bytes.length + 1)));
}

/** One of these texts with a piece that is another. */
export function textMutationOf(texts: readonly string[]): fc.Arbitrary<string> {
  const piece = fc.oneof(
    fc.string({ maxLength: 8 }),
    fc.constantFrom("\r\n", ":", " ", "=", "0", "-1", "4294967296", "null"),
  );
  const change = fc.tuple(fc.nat(), fc.nat(12), piece);
  return fc.tuple(fc.constantFrom(...texts), fc.array(change, { minLength: 1, maxLength: 6 })).map(([text, changes]) =>
    changes.reduce((changed, [at, length, piece]) => {
      const place = at % (changed.length + 1);
      return changed.slice(0, place) + piece + changed.slice(place + length);
    }, text)
  );
}
