import type { HeaderExtension } from "./types.ts";

/** The MID of the m-line that a packet belongs to (RFC 8843 section 15). */
export const MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid";
/** RFC 6464: how loud an audio packet is. */
export const AUDIO_LEVEL_URI = "urn:ietf:params:rtp-hdrext:ssrc-audio-level";
/** RFC 8852: which encoding of a track a packet is of. */
export const RID_URI = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id";
/** RFC 8852: of which encoding the packet is that this one, a retransmission, carries. */
export const REPAIRED_RID_URI = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id";
/** How the frames of a stream depend on each other (https://aomediacodec.github.io/av1-rtp-spec/, appendix A). */
export const DEPENDENCY_DESCRIPTOR_URI =
  "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/** The number of a packet in its transport, whatever its stream (draft-holmer-rmcat-transport-wide-cc-extensions-01). */
export const TRANSPORT_WIDE_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

/** Each side has values of its own: they are not copied. */
const OWN_URIS: ReadonlySet<string> = new Set([MID_URI, RID_URI, REPAIRED_RID_URI, TRANSPORT_WIDE_URI]);

/** Mappings that are kept to be shared; a room of browsers has one or two for each m-line. */
const MAX_SHARED = 256;
const shared = new Map<string, ExtensionMapping>();

/** How the header extensions of a producer become those of a consumer. */
export interface ExtensionMapping {
  /** By the producer's id, up to its greatest one: the consumer's id; 0 where the extension is not forwarded. */
  readonly ids: Uint8Array;
  /** The consumer's id of MID; 0 where it has none. */
  readonly midId: number;
  /** The consumer's MID in UTF-8. */
  readonly mid: Uint8Array;
  /** The consumer's id of transport-wide sequence numbers; 0 where it has none. */
  readonly transportId: number;
}

/**
 * Matches the extensions by URI. What each side has of its own, as MID, is not copied. Consumers whose mappings are equal
 * share one, so that in a large room it stays in the processor's cache from one to the next.
 */
export function mapHeaderExtensions(
  from: readonly HeaderExtension[],
  negotiated: readonly HeaderExtension[],
  mid: string,
): ExtensionMapping {
  const to = negotiated.filter(({ direction }) => direction === undefined);
  const ids = new Uint8Array(Math.max(...from.map(({ id }) => id), 0) + 1);
  for (const source of from) {
    if (!OWN_URIS.has(source.uri)) ids[source.id] = extensionId(to, source.uri);
  }
  const midId = extensionId(to, MID_URI);
  const transportId = extensionId(to, TRANSPORT_WIDE_URI);
  const key = `${ids} ${midId} ${transportId} ${mid}`;
  const known = shared.get(key);
  if (known !== undefined) return known;
  const mapping = { ids, midId, mid: new TextEncoder().encode(mid), transportId };
  if (shared.size === MAX_SHARED) shared.clear();
  shared.set(key, mapping);
  return mapping;
}

/** The id of an extension, 0 where it was not negotiated. */
export function extensionId(extensions: readonly HeaderExtension[], uri: string): number {
  return extensions.find((extension) => extension.uri === uri)?.id ?? 0;
}
