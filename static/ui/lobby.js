// @ts-check
/** @import { Device, Devices, LocalMedia } from "./devices.js" */
import { closeMedia } from "./devices.js";
import { find, setToggle } from "./dom.js";
import { copyLink, newRoomId } from "./links.js";
import { deviceWords } from "./words.js";

const NAME_KEY = "switchboard.name";
/** How long joining waits for the user to answer the browser's question about camera and microphone. */
const MEDIA_WAIT_MS = 10_000;

/** The page before a room: who, where, and with which devices. */
export class Lobby {
  #form = find("join-form", HTMLFormElement);
  #name = find("name-input", HTMLInputElement);
  #room = find("room-input", HTMLInputElement);
  #joinButton = find("join-button", HTMLButtonElement);
  #notice = find("lobby-notice", HTMLElement);
  #video = find("preview-video", HTMLVideoElement);
  #hint = find("preview-hint", HTMLElement);
  #buttons = {
    camera: find("lobby-camera", HTMLButtonElement),
    microphone: find("lobby-microphone", HTMLButtonElement),
  };
  /** @type {Map<string, string>} */
  #problems = new Map();
  /** Settles when no device is being opened. @type {Promise<void>} */
  #opening = Promise.resolve();
  /** Counts handovers: a device that opens after one has nobody left to use it. */
  #handovers = 0;
  /** @type {LocalMedia} */
  #media = { camera: null, microphone: null };
  #wanted = { camera: true, microphone: true };
  #devices;

  /**
   * @param {Devices} devices
   * @param {{ roomId: string, name: string }} query
   * @param {{ join: () => void, say: (text: string) => void }} actions
   */
  constructor(devices, { roomId, name }, { join, say }) {
    this.#devices = devices;
    this.#name.value = name || readName();
    this.#room.value = roomId || newRoomId();
    this.#video.muted = true;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      join();
    });
    find("lobby-copy", HTMLButtonElement).addEventListener("click", async () => say(await copyLink(this.roomId)));
    this.#buttons.camera.addEventListener("click", () => this.#toggle("camera"));
    this.#buttons.microphone.addEventListener("click", () => this.#toggle("microphone"));
  }

  get roomId() {
    return this.#room.value.trim();
  }

  get name() {
    return this.#name.value.trim();
  }

  /** Why devices are missing, in words. */
  get problems() {
    return [...this.#problems.values()];
  }

  /** Opens the devices that the user has not turned off. */
  openMedia() {
    const wanted = /** @type {Device[]} */ (["camera", "microphone"]).filter((device) => this.#wanted[device]);
    this.#opening = this.#open(wanted);
    return this.#opening;
  }

  /** Hands the open devices over, once those that are being opened are there: from now on they are the call's. */
  async takeMedia() {
    await Promise.race([this.#opening, new Promise((resolve) => setTimeout(resolve, MEDIA_WAIT_MS))]);
    const media = this.#media;
    this.#handovers++;
    this.#media = { camera: null, microphone: null };
    this.#video.srcObject = null;
    return media;
  }

  /** @param {boolean} joining */
  setJoining(joining) {
    this.#joinButton.disabled = joining;
    this.#joinButton.textContent = joining ? "Joining…" : "Join";
    if (joining) writeName(this.name);
  }

  /** Puts the cursor where something is missing. */
  focus() {
    (this.#name.value === "" ? this.#name : this.#joinButton).focus();
  }

  /** @param {Device} device */
  async #toggle(device) {
    this.#wanted[device] = this.#media[device] === null;
    this.#media[device]?.stop();
    this.#media[device] = null;
    this.#problems.delete(device);
    this.#opening = this.#open(this.#wanted[device] ? [device] : []);
    await this.#opening;
  }

  /** @param {Device[]} wanted */
  async #open(wanted) {
    const handovers = this.#handovers;
    for (const device of wanted) this.#buttons[device].disabled = true;
    if (wanted.includes("camera")) this.#hint.textContent = "Starting camera…";
    const { media, errors } = await this.#devices.openAll(wanted);
    for (const device of wanted) {
      this.#buttons[device].disabled = false;
      this.#problems.delete(device);
    }
    if (handovers !== this.#handovers) return closeMedia(media);
    for (const error of errors) this.#problems.set(error.device, deviceWords(error));
    for (const device of wanted) this.#media[device] = media[device];
    this.#show();
  }

  #show() {
    const { camera, microphone } = this.#media;
    setToggle(this.#buttons.camera, { pressed: camera !== null, off: camera === null });
    setToggle(this.#buttons.microphone, { pressed: microphone !== null, off: microphone === null });
    this.#video.srcObject = camera && new MediaStream([camera]);
    this.#video.hidden = camera === null;
    this.#hint.hidden = camera !== null;
    this.#hint.textContent = this.#problems.has("camera") ? "No camera" : "Camera is off";
    this.#notice.replaceChildren(...this.problems.map(paragraph));
  }
}

/** @param {string} text */
function paragraph(text) {
  const element = document.createElement("p");
  element.textContent = text;
  return element;
}

/** Storage may be refused to the page; then a name is simply not remembered. */
function readName() {
  try {
    return localStorage.getItem(NAME_KEY) ?? "";
  } catch {
    return "";
  }
}

/** @param {string} name */
function writeName(name) {
  try {
    localStorage.setItem(NAME_KEY, name);
  } catch {
    return;
  }
}
