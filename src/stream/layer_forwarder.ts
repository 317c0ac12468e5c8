import type { PacketLayers } from "../rtp/codecs/packet_layers.ts";
import type { RtpPacket } from "../rtp/packet.ts";
import type { PayloadForwarder } from "./payload_forwarder.ts";
import {
  FORWARDED,
  LEFT_OUT,
  levelOf,
  MAX_PICTURES,
  MISSING,
  outgoingOf,
  pictureEntry,
  PictureMap,
  stateOf,
} from "./picture_map.ts";

/** The number of a layer that stands for all there are: no codec has more. */
export const ALL_LAYERS = 7;

/**
 * What forwarders have alike: as long as all of the first source goes on nothing is remembered; after that the decision on
 * each picture, and the number that it got. The picture of a codec with a dependency descriptor is a frame.
 */
export abstract class LayerForwarder implements PayloadForwarder {
  spatial = ALL_LAYERS;
  temporal = ALL_LAYERS;
  needsKeyFrame = false;
  marker = false;
  changes = false;
  protected targetSpatial = ALL_LAYERS;
  protected targetTemporal = ALL_LAYERS;
  /** The number under which the picture of the selected packet goes out, and the `shift` of its source. */
  protected outgoing = 0;
  protected shift = 0;
  /** `PacketLayers.stamp` of the newest packet; -1 before the first one with a number. */
  #stamp = -1;
  /** The `shift` of the present source. */
  #presentShift = 0;
  /** The number of the newest picture that went out, or of a missing one. */
  #newestOutgoing = 0;
  /** Everything goes on as it comes. */
  #passes = true;
  /** Something has gone on as it came. */
  #hasPassed = false;
  #switching = false;
  #map: PictureMap | undefined;
  /** Whether numbers close up over a picture that is left out. */
  readonly #closesGaps: boolean;

  constructor(closesGaps: boolean) {
    this.#closesGaps = closesGaps;
  }

  setTarget(spatial: number, temporal: number): void {
    this.targetSpatial = Math.min(spatial, ALL_LAYERS);
    this.targetTemporal = Math.min(temporal, ALL_LAYERS);
    const isAll = this.targetSpatial === ALL_LAYERS && this.targetTemporal === ALL_LAYERS;
    this.#passes = isAll && !this.#switching && this.#map === undefined;
  }

  switchSource(): void {
    if (this.#stamp < 0) return;
    this.#switching = true;
    this.#passes = false;
  }

  select(packet: RtpPacket): boolean {
    if (!this.#passes) return this.#select(packet);
    this.#stamp = packet.layers.stamp;
    this.marker = packet.marker;
    this.changes = false;
    return true;
  }

  selectAgain(packet: RtpPacket): boolean {
    const { layers } = packet;
    const map = this.#map;
    if (map === undefined) return this.#selectAsItCame(packet);
    if (!layers.usable) return false;
    if (layers.picture < 0) return this.#selectAsItCame(packet);
    const place = map.findAgain(packet.ssrc, layers.picture);
    if (place >= 0) return this.#selectKnown(packet, map, map.entryAt(place));
    return this.#hasPassed && !map.hasBegun(packet.ssrc, layers.picture) && this.#selectAsItCame(packet);
  }

  abstract changeHeader(packet: RtpPacket): void;
  abstract changePayload(packet: RtpPacket): number;
  abstract restore(packet: RtpPacket): void;

  /** The picture's number in a `stamp`. */
  protected abstract numberOf(stamp: number): number;
  /**
   * What moves the other numbers of a source that begins with this packet, so that they go on behind `stamp`, which another
   * `shift` has moved. 0 moves nothing.
   */
  protected abstract shiftBehind(stamp: number, shift: number, layers: PacketLayers): number;
  /** The first packet of a picture newer than all others: whether it is forwarded. Goes to other layers where it can. */
  protected abstract decide(layers: PacketLayers, packet: RtpPacket): boolean;
  /** Layers that are forwarded at present, in 8 bits. */
  protected abstract level(): number;
  /** Whether a picture that was missing is forwarded, at the level of its time. */
  protected abstract decideLate(layers: PacketLayers, level: number): boolean;
  /** Whether a packet of a forwarded picture goes on, at the level of that picture. */
  protected abstract includes(layers: PacketLayers, level: number): boolean;
  /** The M bit of a packet that goes on. */
  protected abstract markerOf(packet: RtpPacket, level: number): boolean;
  /** Whether a packet must be changed to have the number `outgoing`, and others as `shift` says. */
  protected abstract mustChange(layers: PacketLayers): boolean;

  /** What became of a picture of the present source; that of one which is not remembered, or went on as it came: forwarded. */
  protected fateOf(packet: RtpPacket, picture: number): number {
    const place = this.#map?.find(packet.ssrc, picture) ?? -1;
    return this.#map === undefined || place < 0 ? FORWARDED : stateOf(this.#map.entryAt(place));
  }

  #select(packet: RtpPacket): boolean {
    const { layers } = packet;
    if (!layers.usable) return false;
    if (layers.picture < 0) return this.#selectAsItCame(packet);
    const map = this.#map ??= new PictureMap();
    if (this.#switching || map.sources === 0) this.#begin(packet, map);
    const ahead = layers.picture - map.newest;
    if (ahead > 0) return this.#selectNew(packet, map, ahead);
    const place = map.find(packet.ssrc, layers.picture);
    if (place < 0) {
      return this.#hasPassed && map.sources === 1 && !map.hasBegun(packet.ssrc, layers.picture) &&
        this.#selectAsItCame(packet);
    }
    const entry = map.entryAt(place);
    if (stateOf(entry) !== MISSING) return this.#selectKnown(packet, map, entry);
    const isForwarded = this.decideLate(layers, levelOf(entry));
    const decided = pictureEntry(outgoingOf(entry), isForwarded ? FORWARDED : LEFT_OUT, levelOf(entry));
    map.setEntryAt(place, decided);
    return this.#selectKnown(packet, map, decided);
  }

  #begin(packet: RtpPacket, map: PictureMap): void {
    const { layers } = packet;
    const isFirst = this.#stamp < 0;
    if (map.sources === 0 && !isFirst) {
      this.#hasPassed = true;
      this.#newestOutgoing = this.numberOf(this.#stamp);
    }
    if (isFirst) this.#newestOutgoing = (layers.pictureId - 1) & 0xffff;
    if (this.#switching) this.#presentShift = this.shiftBehind(this.#stamp, this.#presentShift, layers);
    // Without a switch all that was read before this packet has gone on as it came.
    const first = isFirst || this.#switching ? layers.picture : layers.newestBefore + 1;
    map.begin(packet.ssrc, first, this.#presentShift);
    this.#switching = false;
  }

  #selectNew(packet: RtpPacket, map: PictureMap, ahead: number): boolean {
    const { layers } = packet;
    this.#noteMissing(map, ahead - 1);
    const isForwarded = this.decide(layers, packet);
    this.#stamp = layers.stamp;
    if (isForwarded || !this.#closesGaps) this.#newestOutgoing = (this.#newestOutgoing + 1) & 0xffff;
    const entry = pictureEntry(this.#newestOutgoing, isForwarded ? FORWARDED : LEFT_OUT, this.level());
    map.push(entry);
    map.find(packet.ssrc, layers.picture);
    return this.#selectKnown(packet, map, entry);
  }

  #noteMissing(map: PictureMap, count: number): void {
    const unknown = Math.max(0, count - MAX_PICTURES);
    map.pass(unknown);
    const level = this.level();
    for (let i = unknown; i < count; i++) map.push(pictureEntry(this.#newestOutgoing + 1 + i, MISSING, level));
    this.#newestOutgoing = (this.#newestOutgoing + count) & 0xffff;
  }

  #selectKnown(packet: RtpPacket, map: PictureMap, entry: number): boolean {
    if (stateOf(entry) !== FORWARDED) return false;
    const level = levelOf(entry);
    if (!this.includes(packet.layers, level)) return false;
    this.shift = map.shift;
    this.outgoing = outgoingOf(entry);
    this.marker = this.markerOf(packet, level);
    this.changes = this.mustChange(packet.layers);
    return true;
  }

  #selectAsItCame(packet: RtpPacket): boolean {
    this.marker = packet.marker;
    this.changes = false;
    return true;
  }
}
