// @ts-check
/** @import { LocalTrack, Room, Source } from "../switchboard.js" */
/** @import { Device, Devices } from "./devices.js" */
import { openScreen } from "./devices.js";

const MAX_BITRATE = { camera: 1_200_000, screen: 2_500_000 };

/**
 * @param {Source} source
 * @returns {number | undefined} bit/s
 */
export function maxBitrateOf(source) {
  return source === "camera" || source === "screen" ? MAX_BITRATE[source] : undefined;
}

/**
 * What this client sends: opens devices when they are turned on and stops them when they are turned off, so that the
 * camera's light tells the truth. A muted microphone stays open.
 */
export class LocalTracks {
  #room;
  #devices;
  #changed;
  /** Every track that is open for the room. @type {Set<MediaStreamTrack>} */
  #open = new Set();

  /**
   * @param {Room} room
   * @param {Devices} devices
   * @param {(lost?: Source) => void} changed called after each change; with a source where its device or the browser
   * ended it
   */
  constructor(room, devices, changed) {
    this.#room = room;
    this.#devices = devices;
    this.#changed = changed;
    for (const local of room.localTracks) this.#watch(local.track, local.source);
  }

  /**
   * @param {Source} source
   * @returns {LocalTrack | undefined}
   */
  get(source) {
    return [...this.#room.localTracks].find((local) => local.source === source);
  }

  get muted() {
    return this.get("microphone")?.muted ?? true;
  }

  async toggleMute() {
    const microphone = this.get("microphone");
    if (microphone === undefined) return await this.#start("microphone");
    if (microphone.muted) microphone.unmute();
    else microphone.mute();
    this.#changed();
  }

  async toggleCamera() {
    if (this.get("camera") === undefined) await this.#start("camera");
    else await this.#stop("camera");
  }

  async toggleScreen() {
    if (this.get("screen") !== undefined) return await this.#stopScreen();
    const stream = await openScreen();
    if (stream === null) return;
    const [video] = stream.getVideoTracks();
    const [audio] = stream.getAudioTracks();
    await Promise.all([this.#publish(video, "screen"), audio && this.#publish(audio, "screenAudio")]);
  }

  /** Stops what the room does not take, so that no device stays open unseen. */
  stopRefused() {
    const published = new Set([...this.#room.localTracks].map(({ track }) => track));
    for (const track of this.#open.difference(published)) this.#drop(track);
  }

  /** Stops every device. */
  close() {
    for (const track of this.#open) this.#drop(track);
  }

  /** @param {MediaStreamTrack | undefined} track */
  #drop(track) {
    if (track === undefined) return;
    track.stop();
    this.#open.delete(track);
  }

  /** @param {Device} device */
  async #start(device) {
    await this.#publish(await this.#devices.open(device), device);
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {Source} source
   */
  async #publish(track, source) {
    this.#watch(track, source);
    try {
      await this.#room.publish(track, { source, maxBitrate: maxBitrateOf(source) });
    } catch (error) {
      this.#drop(track);
      throw error;
    } finally {
      this.#changed();
    }
  }

  /** @param {Source} source */
  async #stop(source) {
    const local = this.get(source);
    this.#drop(local?.track);
    const done = local?.unpublish();
    this.#changed();
    await done;
  }

  async #stopScreen() {
    await Promise.all([this.#stop("screen"), this.#stop("screenAudio")]);
  }

  /**
   * @param {MediaStreamTrack} track
   * @param {Source} source
   */
  #watch(track, source) {
    this.#open.add(track);
    // Not told after stop(): only where the device is unplugged, or sharing is ended by the browser's own button.
    track.addEventListener("ended", async () => {
      if (this.get(source)?.track !== track) return;
      await (source === "screen" ? this.#stopScreen() : this.#stop(source));
      this.#changed(source);
    });
  }
}
