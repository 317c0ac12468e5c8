import { SenderReport } from "../rtp/rtcp/sender_report.ts";
import type { Router } from "../sfu/router.ts";
import { type MediaCounters, newMediaCounters } from "../sfu/track_counters.ts";
import type { RoomId, TrackId } from "../sfu/types.ts";
import { type BusReceiver, MAX_NODES, type MediaBus, type NodeId } from "./media_bus.ts";
import type { RelayCommand } from "./messages.ts";
import { RelayBatch } from "./relay_batch.ts";
import { RelayExport } from "./relay_export.ts";
import { FRAME, RelayFrameReader } from "./relay_frames.ts";
import { type ImportCommand, type ImportedStream, RelayImport } from "./relay_import.ts";

export interface RelaysOptions {
  readonly bus: MediaBus;
  /** The room's; undefined where it has no peers here. */
  readonly findRouter: (roomId: RoomId) => Router | undefined;
  readonly equalizesLengths: boolean;
  /** Of what is sent to subscribers. */
  readonly counters: MediaCounters;
  /** What came of a track, or was due of it, has thrown: it has ended for those who receive it by the bus. */
  readonly whenFaulty?: ((trackId: TrackId, error: unknown) => void) | undefined;
}

/** A room with tracks of other nodes. */
interface SharedRoom {
  readonly router: Router;
  readonly imports: Map<TrackId, RelayImport>;
}

/**
 * What one isolate shares of its rooms: tracks of other nodes that its peers may receive, and its own on their way to other
 * nodes. Takes what comes by the bus. A fault ends the one track that it is about, on its way by the bus.
 */
export class Relays implements BusReceiver {
  /** What came by the bus, as if other nodes were publishers. */
  readonly received = newMediaCounters();
  readonly #options: RelaysOptions;
  readonly #rooms = new Map<RoomId, SharedRoom>();
  /** By node, then by relay number. */
  readonly #imports: readonly Map<number, RelayImport>[] = Array.from({ length: MAX_NODES }, () => new Map());
  /** By relay number. */
  readonly #exports = new Map<number, RelayExport>();
  readonly #batch = new RelayBatch();
  readonly #reader = new RelayFrameReader();
  readonly #report = new SenderReport();
  #epoch = 0;

  constructor(options: RelaysOptions) {
    this.#options = options;
    options.bus.deliverTo(this);
  }

  /** Tracks that are imported, and those that are exported. */
  get size(): number {
    let size = this.#exports.size;
    for (const { imports } of this.#rooms.values()) size += imports.size;
    return size;
  }

  handleCommand(command: RelayCommand): void {
    switch (command.type) {
      case "import":
        return this.#beginImport(command);
      case "muteImport":
        return this.#muteImport(command.roomId, command.trackId, command.isMuted);
      case "endImport":
        return this.#endImport(command.roomId, command.trackId);
      case "dropNode":
        return this.#dropNode(command.node);
    }
  }

  /** The room has its first peer here. */
  beginRoom(roomId: RoomId): void {
    this.#options.bus.join(roomId);
  }

  /** The room has no peers here any more: it neither takes nor gives. */
  endRoom(roomId: RoomId): void {
    for (const trackId of [...this.#rooms.get(roomId)?.imports.keys() ?? []]) this.#endImport(roomId, trackId);
    for (const [relay, each] of this.#exports) if (each.roomId === roomId) this.#endExport(relay, each);
    this.#options.bus.leave(roomId);
  }

  handleFrame(from: NodeId, bytes: Uint8Array, length: number, nowMs: number): void {
    const reader = this.#reader;
    if (!reader.read(bytes, length)) return;
    if (reader.type === FRAME.rtp) {
      const stream = this.#findStream(from);
      if (stream !== undefined) this.#batch.add(stream, reader.epoch, bytes, length, nowMs);
      return;
    }
    if (reader.type >= FRAME.want) return this.#handleAsked(from, nowMs);
    // What is said of a stream comes behind the packets of it that came before.
    this.#batch.deliver(nowMs);
    this.#handleTold(from, nowMs);
  }

  /**
   * Nothing is to be done: a lost packet is missed by the number of the next one, a lost request is repeated, and so is what
   * is wanted. The bus counts.
   */
  handleLoss(): void {}

  /** By the other way nothing comes before it was said there what is wanted. */
  handleWayLost(node: NodeId, nowMs: number): void {
    for (const imported of this.#imports[node]?.values() ?? []) imported.sayAgain(nowMs);
  }

  endBatch(nowMs: number): void {
    this.#batch.deliver(nowMs);
  }

  nextTimeout(): number {
    let next = Infinity;
    for (const { router, imports } of this.#rooms.values()) {
      next = Math.min(next, router.audio.nextTimeout());
      for (const each of imports.values()) next = Math.min(next, each.nextTimeout());
    }
    for (const each of this.#exports.values()) next = Math.min(next, each.nextTimeout());
    return next;
  }

  handleTimeout(nowMs: number): void {
    for (const { router, imports } of this.#rooms.values()) {
      for (const each of imports.values()) if (each.nextTimeout() <= nowMs) this.#wake(each, nowMs);
      // Who speaks is looked at by those who publish, of whom there may be none here.
      router.audio.handleTimeout(nowMs);
    }
    for (const [relay, each] of this.#exports) {
      try {
        each.handleTimeout(nowMs);
        if (!each.isWanted) this.#endExport(relay, each);
      } catch (error) {
        this.#failExport(relay, each, error);
      }
    }
  }

  #wake(imported: RelayImport, nowMs: number): void {
    try {
      imported.handleTimeout(nowMs);
    } catch (error) {
      this.#failImport(imported.command, error);
    }
  }

  /** A track that is here already, be it published here or imported, stays what it is. */
  #beginImport(command: ImportCommand): void {
    const { bus, findRouter } = this.#options;
    const { roomId, trackId, from, relay } = command;
    const router = findRouter(roomId);
    if (router === undefined || router.producers.has(trackId) || from === bus.node) return;
    const byRelay = this.#imports[from];
    if (byRelay === undefined || byRelay.has(relay)) return;
    const whenFaulty = (error: unknown) => this.#failImport(command, error);
    try {
      const imported = new RelayImport({ ...this.#options, command, router, received: this.received, whenFaulty });
      byRelay.set(relay, imported);
      const room = this.#rooms.get(roomId) ?? { router, imports: new Map() };
      this.#rooms.set(roomId, room);
      room.imports.set(trackId, imported);
    } catch (error) {
      whenFaulty(error);
    }
  }

  #muteImport(roomId: RoomId, trackId: TrackId, isMuted: boolean): void {
    const room = this.#rooms.get(roomId);
    const producer = room?.router.producers.get(trackId);
    if (room?.imports.has(trackId) && producer !== undefined) room.router.mute(producer, isMuted);
  }

  #failImport({ roomId, trackId }: ImportCommand, error: unknown): void {
    this.#fail(trackId, error, () => this.#endImport(roomId, trackId));
  }

  #failExport(relay: number, each: RelayExport, error: unknown): void {
    this.#fail(each.producer.id, error, () => this.#endExport(relay, each));
  }

  /** It is told first: to end it may throw as well, and then it is forgotten all the same. */
  #fail(trackId: TrackId, error: unknown, end: () => void): void {
    const { whenFaulty } = this.#options;
    whenFaulty?.(trackId, error);
    try {
      end();
    } catch (again) {
      whenFaulty?.(trackId, again);
    }
  }

  #endImport(roomId: RoomId, trackId: TrackId): void {
    const room = this.#rooms.get(roomId);
    const imported = room?.imports.get(trackId);
    if (room === undefined || imported === undefined) return;
    room.imports.delete(trackId);
    if (room.imports.size === 0) this.#rooms.delete(roomId);
    const { from, relay } = imported.command;
    if (this.#imports[from].get(relay) === imported) this.#imports[from].delete(relay);
    imported.close();
  }

  /** Another node may get its number: what comes from there is none of the tracks that were imported until now. */
  #dropNode(node: NodeId): void {
    for (const imported of this.#imports[node]?.values() ?? []) imported.handleNodeLoss();
    this.#imports[node]?.clear();
    for (const [relay, each] of this.#exports) {
      each.dropNode(node);
      if (!each.isWanted) this.#endExport(relay, each);
    }
  }

  #endExport(relay: number, each: RelayExport): void {
    this.#exports.delete(relay);
    each.close();
  }

  /** Of what the present frame is about; undefined where that is not imported. */
  #findStream(from: NodeId): ImportedStream | undefined {
    return this.#imports[from]?.get(this.#reader.relay)?.streams[this.#reader.encoding];
  }

  #handleTold(from: NodeId, nowMs: number): void {
    const reader = this.#reader;
    const imported = this.#imports[from]?.get(reader.relay);
    if (imported === undefined) return;
    const stream = imported.streams[reader.encoding];
    try {
      switch (reader.type) {
        case FRAME.senderReport:
          reader.readReport(this.#report);
          return stream?.handleSenderReport(this.#report, nowMs);
        case FRAME.bye:
          return stream?.handleBye(reader.ssrc, nowMs);
        case FRAME.facts:
          return imported.handleFacts(reader, nowMs);
      }
    } catch (error) {
      this.#failImport(imported.command, error);
    }
  }

  #handleAsked(from: NodeId, nowMs: number): void {
    const reader = this.#reader;
    if (reader.type === FRAME.want) return this.#handleWant(from, nowMs);
    const { relay } = reader;
    const asked = this.#exports.get(relay);
    if (asked === undefined) return;
    try {
      if (reader.type === FRAME.keyFrame) return asked.requestKeyFrame(reader.encoding, nowMs);
      const { encoding, ssrc, missingCount } = reader;
      for (let i = 0; i < missingCount; i++) asked.sendAgain(from, encoding, ssrc, reader.missingAt(i), nowMs);
    } catch (error) {
      this.#failExport(relay, asked, error);
    }
  }

  #handleWant(from: NodeId, nowMs: number): void {
    const { relay, roomId, trackId, wantedSet } = this.#reader;
    const producer = this.#options.findRouter(roomId)?.producers.get(trackId);
    // What comes from another node is not passed on.
    if (producer === undefined || this.#rooms.get(roomId)?.imports.has(trackId)) return;
    let exported = this.#exports.get(relay);
    if (exported?.producer !== producer) {
      if (exported !== undefined) this.#endExport(relay, exported);
      if (wantedSet === 0) return;
      exported = new RelayExport({
        bus: this.#options.bus,
        roomId,
        producer,
        relay,
        nextEpoch: () => this.#nextEpoch(),
      });
      this.#exports.set(relay, exported);
    }
    try {
      exported.handleWant(from, wantedSet, this.#reader.isPinned, nowMs);
      if (!exported.isWanted) this.#endExport(relay, exported);
    } catch (error) {
      this.#failExport(relay, exported, error);
    }
  }

  #nextEpoch(): number {
    this.#epoch = (this.#epoch + 1) & 0xff;
    return this.#epoch;
  }
}
