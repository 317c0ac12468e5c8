import { LocalMedia } from "../../src/io/local_media.ts";
import type { PeerEvent } from "../../src/media/messages.ts";
import type { PeerId } from "../../src/sfu/types.ts";

/** Has the media of this isolate's peers be lost as a worker loses it, one peer's by itself, until it is disposed of. */
export class LosableMedia implements Disposable {
  readonly #lose = new Map<PeerId, () => void>();
  readonly #openPeer = LocalMedia.prototype.openPeer;

  constructor(now: () => number) {
    const [lose, openPeer] = [this.#lose, this.#openPeer];
    LocalMedia.prototype.openPeer = function (hostname, opening, handleEvent) {
      const { port, send } = openPeer.call(this, hostname, opening, handleEvent);
      let isLost = false;
      lose.set(opening.peerId, () => {
        isLost = true;
        send({ type: "close" });
        handleEvent(LOST, now());
      });
      // What a worker that has failed knew nobody knows any more.
      return { port, send: (command) => void (isLost || send(command)) };
    };
  }

  /** What carries the media of this peer fails. */
  lose(peerId: PeerId): void {
    const lose = this.#lose.get(peerId);
    if (lose === undefined) throw new TypeError(`there is no media of ${peerId}`);
    this.#lose.delete(peerId);
    lose();
  }

  [Symbol.dispose](): void {
    LocalMedia.prototype.openPeer = this.#openPeer;
  }
}

const LOST: PeerEvent = { type: "ended", reason: "media-lost", detail: "the media worker has failed" };
