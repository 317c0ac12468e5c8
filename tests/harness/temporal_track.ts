import type { RtpPacket } from "../../src/rtp/packet.ts";
import { Consumer } from "../../src/sfu/consumer.ts";
import { Producer } from "../../src/sfu/producer.ts";
import type { ConsumerParameters } from "../../src/sfu/types.ts";
import { outgoingStream, videoProducer, VP8 } from "./engine.ts";
import { RecordingSender } from "./recording_sender.ts";
import { buildRtp, parseRtp, runOf, VP8_KEY_FRAME } from "./rtp_builder.ts";

const SSRC = 1000;
const START = 65_000;

/** What was forwarded of one packet; `index` is -1 of padding. */
export interface TemporalPacket {
  readonly index: number;
  readonly pictureId: number;
  readonly packet: RtpPacket;
}

/** A VP8 track of pictures of one packet each, every second one of the upper temporal layer, and one subscriber. */
export class TemporalTrack {
  readonly sender = new RecordingSender();
  readonly consumer: Consumer;
  readonly #producer: Producer;

  constructor(parameters: ConsumerParameters) {
    const codec = { ...VP8, rtxPayloadType: 97 };
    const feedback = { sendPictureLossIndication() {}, sendFullIntraRequest() {}, sendNack() {} };
    this.#producer = new Producer({
      id: "track",
      peerId: "peer",
      parameters: videoProducer({ codec, ssrcs: [SSRC] }),
      feedback,
    });
    this.consumer = new Consumer(this.#producer, parameters, outgoingStream(77, 78, 1), this.sender);
    this.#producer.addConsumer(this.consumer);
  }

  /** Packets come by their indexes. Number 0 is the key frame, and each ms brings one. */
  handle(indexes: readonly number[]): void {
    for (const index of indexes) this.#producer.encodings[0].handleRtp(runOf(packetOf(index)), 0, 1, index);
  }

  take(): TemporalPacket[] {
    return this.sender.takeRtp().map((bytes) => {
      const packet = parseRtp(bytes);
      if (packet.payloadLength === 0) return { index: -1, pictureId: -1, packet };
      const view = new DataView(bytes.buffer, packet.headerLength);
      const pictureId = view.getUint16(2) & 0x7fff;
      return { index: view.getUint32(packet.payloadLength - 4), pictureId, packet };
    });
  }
}

/** Picture ID, TL0PICIDX, TID with Y, and KEYIDX (RFC 7741 section 4.2), and the index as the last four bytes. */
function packetOf(index: number): Uint8Array {
  const id = index & 0x7fff;
  const temporal = index % 2;
  const descriptor = [0x90, 0xf0, 0x80 | (id >> 8), id & 0xff, (index >> 1) & 0xff, (temporal << 6) | 0x20];
  const frame = index === 0 ? VP8_KEY_FRAME.subarray(1) : [0x01, 0x02, 0x03];
  const tail = new Uint8Array(4);
  new DataView(tail.buffer).setUint32(0, index);
  return buildRtp({
    ssrc: SSRC,
    sequenceNumber: (START + index) & 0xffff,
    timestamp: (index * 3000) >>> 0,
    marker: true,
    payload: Uint8Array.from([...descriptor, ...frame, ...tail]),
  });
}
