// @ts-check
/** @import { Peer, Quality, RemoteTrack, Room, Source } from "../switchboard.js" */
/** @import { Devices } from "./devices.js" */
import { SwitchboardError } from "../switchboard.js";
import { Crowd } from "./crowd.js";
import { canShareScreen, DeviceError } from "./devices.js";
import { find, setToggle } from "./dom.js";
import { Gallery } from "./gallery.js";
import { copyLink, rememberRoom } from "./links.js";
import { LocalTracks } from "./local_tracks.js";
import { Stats } from "./stats.js";
import { deviceWords, errorWords, mutedWords, nameWords, peopleWords } from "./words.js";

/** @type {Record<Source, string>} */
const LOST_WORDS = {
  camera: "Your camera was disconnected",
  microphone: "Your microphone was disconnected",
  screen: "You no longer share your screen",
  screenAudio: "You no longer share your screen's sound",
};

/** @type {Record<string, string>} */
const BUTTON_KEYS = {
  m: "mute-button",
  v: "camera-button",
  s: "screen-button",
  c: "copy-button",
  i: "stats-button",
  "?": "help-button",
};

/**
 * @typedef {object} CallOptions
 * @property {Room} room
 * @property {string} roomId
 * @property {string} name this client's own
 * @property {Devices} devices
 * @property {(text: string) => void} say
 */

/** The page while in a room: the room's events to the gallery, the buttons and keys to the room. */
export class Call {
  #room;
  #roomId;
  #name;
  #say;
  #tracks;
  #stats;
  #gallery = new Gallery(() => this.#setHearButton(true));
  #crowd;
  #listening = new AbortController();
  #buttons = {
    mute: find("mute-button", HTMLButtonElement),
    camera: find("camera-button", HTMLButtonElement),
    screen: find("screen-button", HTMLButtonElement),
    hear: find("hear-button", HTMLButtonElement),
  };
  #help = find("help", HTMLDialogElement);
  /** What ends the measuring of each tile, by the id of its track. @type {Map<string, () => void>} */
  #measured = new Map();
  #ownId;
  /** What is shown of the own camera. @type {MediaStreamTrack | null} */
  #selfView = null;

  /** @param {CallOptions} options */
  constructor({ room, roomId, name, devices, say }) {
    this.#room = room;
    this.#ownId = room.peerId;
    this.#roomId = roomId;
    this.#name = name;
    this.#say = say;
    this.#tracks = new LocalTracks(room, devices, (lost) => {
      if (lost !== undefined) say(LOST_WORDS[lost]);
      this.#showOwn();
    });
    this.#stats = new Stats(room, name);
    find("room-title", HTMLElement).textContent = roomId;
    this.#buttons.screen.hidden = !canShareScreen() || room.grants?.publish.includes("screen") === false;
    this.#setHearButton(false);
    this.#gallery.addPerson(room.peerId, name, true);
    for (const peer of room.peers.values()) this.#gallery.addPerson(peer.id, peer.name);
    this.#listenToRoom();
    // Behind the gallery, whose tiles it speaks of.
    this.#crowd = new Crowd(room, this.#gallery);
    this.#listenToUser();
    this.#showConnection();
    this.#showCount();
    this.#showOwn();
  }

  leave() {
    this.#room.leave();
  }

  /** Gives back devices, tiles and listeners. */
  close() {
    this.#listening.abort();
    this.#tracks.close();
    this.#crowd.close();
    this.#gallery.close();
    this.#stats.close();
    this.#help.close();
  }

  #listenToRoom() {
    const room = this.#room;
    room.on("peerJoined", ({ peer }) => {
      this.#gallery.addPerson(peer.id, peer.name);
      this.#showCount();
      this.#say(`${nameWords(peer.name)} joined`);
    });
    room.on("peerLeft", ({ peer }) => {
      this.#gallery.removePerson(peer.id);
      this.#showCount();
      this.#say(`${nameWords(peer.name)} left`);
    });
    room.on("trackAdded", ({ peer, track, info }) => {
      this.#gallery.showTrack(peer.id, peer.name, info.source, track);
      this.#measure(peer.id, info);
      if (info.source === "screen") this.#say(`${nameWords(peer.name)} shares a screen`);
    });
    room.on("trackRemoved", ({ peer, info }) => {
      // Before the tile is hidden: of a track that comes back into a slot the server would know that it is off.
      this.#measured.get(info.id)?.();
      this.#measured.delete(info.id);
      this.#gallery.hideTrack(peer.id, info.source);
    });
    room.on("moved", ({ roomId }) => this.#showMove(roomId));
    room.on("muted", ({ track, muted }) => this.#say(mutedWords(track.source, muted)));
    room.on("message", ({ message }) => {
      if (typeof message === "string") this.#say(message);
    });
    room.on("speakers", ({ active }) => this.#gallery.setSpeaking(new Set(active.map(({ peerId }) => peerId))));
    room.on("quality", (quality) => this.#showPaused(quality));
    room.on("stateChanged", () => {
      this.#followOwnId();
      this.#showConnection();
    });
    room.on("error", (error) => {
      this.#say(errorWords(error, this.#ownerOf(error.trackId)));
      this.#tracks.stopRefused();
      this.#showOwn();
    });
  }

  /** @param {string} roomId in which this client goes on */
  #showMove(roomId) {
    this.#roomId = roomId;
    find("room-title", HTMLElement).textContent = roomId;
    rememberRoom(roomId);
    this.#say(`You were moved to the room ${roomId}`);
  }

  /**
   * The server sends what the tile shows, and no more.
   * @param {string} peerId
   * @param {RemoteTrack} info
   */
  #measure(peerId, { id, kind, source }) {
    const video = kind === "video" ? this.#gallery.videoOf(peerId, source) : undefined;
    if (video !== undefined) this.#measured.set(id, this.#room.observe(id, video));
  }

  /** @param {Quality} quality */
  #showPaused({ tracks }) {
    const states = new Map(tracks.map(({ trackId, state }) => [trackId, state]));
    for (const peer of this.#room.peers.values()) {
      for (const { id, kind, source } of peer.tracks.values()) {
        if (kind === "video") this.#gallery.setPaused(peer.id, source, states.get(id) === "paused");
      }
    }
  }

  #listenToUser() {
    this.#onClick("mute-button", () => this.#tracks.toggleMute());
    this.#onClick("camera-button", () => this.#tracks.toggleCamera(), { toggles: true });
    this.#onClick("screen-button", () => this.#tracks.toggleScreen());
    this.#onClick("copy-button", async () => this.#say(await copyLink(this.#roomId)));
    this.#onClick("stats-button", () => this.#stats.toggle());
    this.#onClick("help-button", () => this.#help.showModal());
    this.#onClick("leave-button", () => this.leave());
    this.#onClick("hear-button", () => {
      this.#setHearButton(false);
      this.#gallery.playSound();
    });
    document.addEventListener("keydown", (event) => this.#handleKey(event), { signal: this.#listening.signal });
  }

  /**
   * A button is disabled until its action is done. One that toggles is not: a press on the way is not lost but carried
   * out afterwards, and two of them cancel out.
   * @param {string} id
   * @param {() => Promise<void> | void} action
   * @param {{ toggles?: boolean }} [options]
   */
  #onClick(id, action, { toggles = false } = {}) {
    const button = find(id, HTMLButtonElement);
    let busy = false;
    let again = false;
    const run = async () => {
      again = busy && !again;
      if (busy) return;
      busy = true;
      button.disabled = !toggles;
      const focused = document.activeElement === button;
      try {
        do {
          again = false;
          await action();
        } while (again);
      } catch (error) {
        this.#sayFailure(error);
      } finally {
        busy = false;
        button.disabled = false;
        if (focused && !toggles) button.focus();
      }
    };
    button.addEventListener("click", run, { signal: this.#listening.signal });
  }

  /** @param {KeyboardEvent} event */
  #handleKey({ key, target, ctrlKey, metaKey, altKey, repeat }) {
    if (ctrlKey || metaKey || altKey || repeat || target instanceof HTMLInputElement) return;
    if (this.#help.open || this.#crowd.isOpen) return;
    const id = BUTTON_KEYS[key];
    if (id !== undefined) find(id, HTMLButtonElement).click();
  }

  /** @param {unknown} error */
  #sayFailure(error) {
    if (error instanceof DeviceError) this.#say(deviceWords(error));
    else if (!(error instanceof SwitchboardError)) throw error;
    else if (this.#room.state !== "closed") this.#say(errorWords(error, undefined));
  }

  /** @param {string | undefined} trackId */
  #ownerOf(trackId) {
    /** @param {Peer} peer */
    const owns = ({ tracks }) => trackId !== undefined && tracks.has(trackId);
    const owner = [...this.#room.peers.values()].find(owns);
    return owner && nameWords(owner.name);
  }

  #showOwn() {
    const { peerId } = this.#room;
    const muted = this.#tracks.muted;
    const camera = this.#tracks.get("camera")?.track ?? null;
    const sharing = this.#tracks.get("screen") !== undefined;
    setToggle(this.#buttons.mute, { pressed: muted, off: muted });
    setToggle(this.#buttons.camera, { pressed: camera !== null, off: camera === null });
    setToggle(this.#buttons.screen, { pressed: sharing, off: false });
    this.#gallery.setMuted(peerId, muted);
    if (camera === this.#selfView) return;
    this.#selfView = camera;
    if (camera === null) this.#gallery.hideTrack(peerId, "camera");
    else this.#gallery.showTrack(peerId, this.#name, "camera", camera);
  }

  /** The room goes on at another server, as another peer (P117). */
  #followOwnId() {
    const { peerId } = this.#room;
    if (peerId === this.#ownId) return;
    this.#gallery.renamePerson(this.#ownId, peerId);
    this.#ownId = peerId;
  }

  #showCount() {
    const count = this.#room.peers.size + 1;
    find("people-count", HTMLElement).textContent = peopleWords(count);
    find("alone", HTMLElement).hidden = count > 1;
  }

  #showConnection() {
    const { state } = this.#room;
    const pill = find("connection", HTMLElement);
    pill.dataset.state = state;
    pill.textContent = state === "connecting" ? "Connecting…" : state === "reconnecting" ? "Reconnecting…" : "";
  }

  /** @param {boolean} visible */
  #setHearButton(visible) {
    this.#buttons.hear.hidden = !visible;
  }
}
