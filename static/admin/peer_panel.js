// @ts-check
/** @import { Peer, Published, Received } from "./types.js" */
import { find } from "../ui/dom.js";
import { Rows, write } from "./rows.js";
import { nameOf, peerWords, publishedWords, receivedWords } from "./words.js";

/** What one peer publishes and receives, and why. */
export class PeerPanel {
  #panel = find("peer-panel", HTMLElement);
  #title = find("peer-title", HTMLElement);
  #words = find("peer-words", HTMLElement);
  /** @type {Rows<Published>} */
  #published;
  /** @type {Rows<Received>} */
  #received;
  /** @type {(id: string) => string} */
  #nameOfPeer = (id) => id;

  /** @param {(track: Published) => void} mute mutes a track, or unmutes it */
  constructor(mute) {
    this.#published = new Rows(find("publishes", HTMLElement), () => publishedRow(mute));
    this.#received = new Rows(find("receives", HTMLElement), () => this.#receivedRow());
  }

  /**
   * @param {Peer | undefined} peer undefined for none
   * @param {(id: string) => string} nameOfPeer how others of the room are called
   */
  show(peer, nameOfPeer) {
    this.#panel.hidden = peer === undefined;
    if (peer === undefined) return;
    this.#nameOfPeer = nameOfPeer;
    write(this.#title, nameOf(peer));
    write(this.#words, peerWords(peer));
    this.#published.show(peer.publishes, ({ id }) => id);
    this.#received.show(peer.receives, ({ mid }) => mid);
  }

  #receivedRow() {
    const element = document.createElement("li");
    const [text, reason] = [document.createElement("span"), document.createElement("span")];
    reason.className = "hint";
    element.append(text, reason);
    /** @param {Received} track */
    const fill = (track) => {
      write(text, receivedWords(track, this.#nameOfPeer(track.peerId)));
      write(reason, track.quality === undefined ? "" : `Why: ${track.quality.reason}`);
    };
    return { element, fill };
  }
}

/** @param {(track: Published) => void} mute */
function publishedRow(mute) {
  const element = document.createElement("li");
  const text = document.createElement("span");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "secondary small";
  element.append(text, button);
  /** @param {Published} track */
  const fill = (track) => {
    write(text, publishedWords(track));
    write(button, track.muted ? "Unmute" : "Mute");
    button.onclick = () => mute(track);
  };
  return { element, fill };
}
