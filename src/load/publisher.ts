import { firEntryCount, firMediaSsrc } from "../rtp/rtcp/fir.ts";
import { nackBlp, nackCount, nackMediaSsrc, nackPid } from "../rtp/rtcp/nack.ts";
import { ntpFraction, ntpSeconds } from "../rtp/rtcp/ntp.ts";
import { pliMediaSsrc } from "../rtp/rtcp/pli.ts";
import type { RtcpReader } from "../rtp/rtcp/rtcp_reader.ts";
import { writeSourceDescription } from "../rtp/rtcp/sdes.ts";
import { writeSenderReport } from "../rtp/rtcp/sender_report.ts";
import { Endpoint, type MediaKeys } from "./endpoint.ts";
import type { LoadLoop } from "./loop.ts";
import { OutgoingTrack, type TrackOptions } from "./outgoing_track.ts";
import type { Task } from "./schedule.ts";
import { spread } from "./spread.ts";

const REPORT_INTERVAL_US = 1e6;
const BLP_BITS = 16;
const CNAME = new TextEncoder().encode("load");

/** A peer that publishes: its tracks, its sender reports, and its answers to NACK, PLI and FIR. */
export class Publisher extends Endpoint implements Task {
  readonly number: number;
  /** Empty before `start`. */
  tracks: readonly OutgoingTrack[] = [];
  readonly #loop: LoadLoop;
  #closed = false;

  /** `number` is its place among all publishers, in whatever room. */
  constructor(loop: LoadLoop, number: number) {
    super(loop);
    this.#loop = loop;
    this.number = number;
  }

  /** Begins to send. Without `reports` nothing but media is sent. */
  start(keys: MediaKeys, tracks: readonly TrackOptions[], reports: boolean): void {
    const nowUs = this.#loop.clock.now();
    this.keys = keys;
    this.tracks = tracks.map((options) => new OutgoingTrack(options, this, keys.sender));
    for (const track of this.tracks) {
      // Publishers of a room, or of many rooms, have no common clock: no two of them send in the same instant.
      const dueUs = nowUs + spread(track.options.number) * track.intervalUs;
      track.begin(dueUs);
      this.#loop.schedule.add(track, dueUs);
    }
    if (reports) this.#loop.schedule.add(this, nowUs + spread(this.number) * REPORT_INTERVAL_US);
  }

  /** Sends a sender report of each track. */
  run(nowUs: number): number {
    if (this.#closed) return Infinity;
    for (const track of this.tracks) this.#report(track, nowUs);
    return nowUs + REPORT_INTERVAL_US;
  }

  override close(): void {
    this.#closed = true;
    for (const track of this.tracks) track.end();
    super.close();
  }

  /** Nobody sends media to a publisher. */
  protected handleRtp(): void {}

  protected handleRtcp(reader: RtcpReader): void {
    this.#trackOf(pliMediaSsrc(reader))?.requestKeyFrame();
    for (let i = firEntryCount(reader) - 1; i >= 0; i--) this.#trackOf(firMediaSsrc(reader, i))?.requestKeyFrame();
    const nacked = this.#trackOf(nackMediaSsrc(reader));
    if (nacked !== undefined) this.#resend(nacked, reader);
  }

  #report(track: OutgoingTrack, nowUs: number): void {
    const { options: { ssrc }, packets, octets } = track;
    const seconds = ntpSeconds(nowUs / 1000);
    const fraction = ntpFraction(nowUs / 1000);
    const timestamp = track.timestampAt(nowUs);
    const length = writeSenderReport(this.rtcp, 0, ssrc, seconds, fraction, timestamp, packets, octets);
    this.sendRtcp(length + writeSourceDescription(this.rtcp, length, ssrc, CNAME));
  }

  #resend(track: OutgoingTrack, reader: RtcpReader): void {
    for (let i = nackCount(reader) - 1; i >= 0; i--) {
      const packetId = nackPid(reader, i);
      const mask = nackBlp(reader, i);
      track.resend(packetId);
      for (let bit = 0; bit < BLP_BITS; bit++) {
        if ((mask & (1 << bit)) !== 0) track.resend((packetId + 1 + bit) & 0xffff);
      }
    }
    this.flush();
  }

  #trackOf(ssrc: number): OutgoingTrack | undefined {
    for (const track of this.tracks) if (track.options.ssrc === ssrc) return track;
    return undefined;
  }
}
