import { BusCounters, type BusReceiver, type MediaBus, type NodeId } from "../../src/media/media_bus.ts";

export interface SentFrame {
  readonly to: number;
  readonly bytes: Uint8Array;
}

/** A bus that goes nowhere: keeps what it is given. */
export class RecordingBus implements MediaBus {
  readonly node: NodeId = 0;
  readonly counters = new BusCounters();
  readonly sent: SentFrame[] = [];

  deliverTo(_receiver: BusReceiver): void {}
  join(_roomId: string): void {}
  leave(_roomId: string): void {}
  flush(): void {}
  close(): void {}

  send(
    _roomId: string,
    to: number,
    head: Uint8Array,
    headLength: number,
    body: Uint8Array,
    bodyOffset: number,
    bodyLength: number,
  ): boolean {
    const bytes = new Uint8Array(headLength + bodyLength);
    bytes.set(head.subarray(0, headLength));
    bytes.set(body.subarray(bodyOffset, bodyOffset + bodyLength), headLength);
    this.sent.push({ to, bytes });
    return true;
  }

  take(): SentFrame[] {
    return this.sent.splice(0);
  }
}
