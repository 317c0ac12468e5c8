// @ts-check
/** @import { Api } from "./api.js" */
/** @import { Peer, Published, Status } from "./types.js" */
import { find } from "../ui/dom.js";
import { ApiError } from "./api.js";
import { History } from "./history.js";
import { PeerPanel } from "./peer_panel.js";
import { Plots } from "./plots.js";
import { RoomPanel } from "./room_panel.js";
import { RoomsPanel } from "./rooms_panel.js";
import { write } from "./rows.js";
import { summaryWords, troubleWords } from "./words.js";

/** Between two looks at the server, and at the peer that is shown. */
const POLL_MS = 2_000;
/** Looks after which lists are read again although no event has told of a change. */
const LISTS_EACH = 5;
/** Lists are read so long after an event: they come in swarms. */
const AFTER_EVENT_MS = 700;
/** Before events are asked for again. */
const RETRY_MS = 2_000;

/** What is shown of the server, and keeps itself up to date. */
export class View {
  #plots = new Plots();
  #history = new History();
  #rooms;
  #room;
  #peer;
  /** @type {Api | undefined} */
  #api;
  #refused;
  #stopper = new AbortController();
  /** @type {string | undefined} */
  #roomId;
  /** @type {string | undefined} */
  #peerId;
  #looks = 0;
  #timer = 0;
  #soon = 0;

  /**
   * @param {object} options
   * @param {(track: Published) => void} options.mute
   * @param {(error: ApiError) => void} options.refused the token is of no use
   */
  constructor({ mute, refused }) {
    this.#refused = refused;
    this.#rooms = new RoomsPanel((room) => this.choose(room, undefined));
    this.#room = new RoomPanel((peer) => this.choose(this.#roomId, peer));
    this.#peer = new PeerPanel(mute);
  }

  /** The room that is shown. */
  get roomId() {
    return this.#roomId;
  }

  /** The peer that is shown, with its room. */
  get peer() {
    if (this.#roomId === undefined || this.#peerId === undefined) return undefined;
    return { roomId: this.#roomId, peerId: this.#peerId, name: this.#room.nameOf(this.#peerId) };
  }

  focusFilter() {
    this.#rooms.focusFilter();
  }

  /**
   * Begins to look at the server. Rejects where it does not let us.
   * @param {Api} api
   */
  async start(api) {
    this.#showStatus(await api.status());
    this.#api = api;
    this.#stopper = new AbortController();
    this.#looks = 0;
    this.#later();
    void this.#refresh(true);
    void this.#listen(api, this.#stopper.signal);
  }

  /** Looks no more, and forgets what it has seen. */
  stop() {
    this.#api = undefined;
    this.#stopper.abort();
    clearTimeout(this.#timer);
    clearTimeout(this.#soon);
    this.#soon = 0;
    this.#history = new History();
    this.choose(undefined, undefined);
  }

  /**
   * @param {string | undefined} roomId
   * @param {string | undefined} peerId
   */
  choose(roomId, peerId) {
    if (roomId !== this.#roomId) this.#room.show(undefined);
    if (peerId !== this.#peerId) this.#showPeer(undefined);
    [this.#roomId, this.#peerId] = [roomId, peerId];
    this.#rooms.mark(roomId);
    this.#room.mark(peerId);
    void this.#refresh(true);
  }

  /** Reads the lists again, as something was done. */
  async refresh() {
    await this.#refresh(true);
  }

  #later() {
    const api = this.#api;
    this.#timer = setTimeout(async () => {
      await this.#look();
      // Whoever has come by another token meanwhile has a look of its own.
      if (api !== undefined && api === this.#api) this.#later();
    }, POLL_MS);
  }

  async #look() {
    this.#looks++;
    await this.#guarded(async (api) => {
      this.#showStatus(await api.status());
      await this.#refresh(this.#looks % LISTS_EACH === 0);
    });
  }

  /** @param {boolean} withLists */
  async #refresh(withLists) {
    await this.#guarded(async (api) => {
      const [roomId, peerId] = [this.#roomId, this.#peerId];
      const [rooms, room, peer] = await Promise.all([
        withLists ? api.rooms() : undefined,
        withLists && roomId !== undefined ? orGone(api.room(roomId)) : undefined,
        roomId !== undefined && peerId !== undefined ? orGone(api.peer(roomId, peerId)) : undefined,
      ]);
      if (rooms !== undefined) this.#rooms.show(rooms);
      // Somebody may have chosen another one meanwhile.
      if (withLists && roomId === this.#roomId) this.#room.show(room);
      if (roomId === this.#roomId && peerId === this.#peerId) this.#showPeer(peer);
    });
  }

  /** @param {(api: Api) => Promise<void>} action */
  async #guarded(action) {
    const api = this.#api;
    if (api === undefined) return;
    try {
      await action(api);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Whoever has given the token up is told nothing of it.
      if (api !== this.#api) return;
      if (error.isAboutToken) this.#refused(error);
      else write(find("trouble", HTMLElement), `${error.message}; asked again in a moment`);
    }
  }

  /**
   * @param {Api} api
   * @param {AbortSignal} signal
   */
  async #listen(api, signal) {
    while (!signal.aborted) {
      try {
        await api.listen(() => this.#refreshSoon(), signal);
      } catch (error) {
        // Where that lasts polling fails as well, which says so.
        if (!isLoss(error)) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  #refreshSoon() {
    if (this.#soon !== 0) return;
    this.#soon = setTimeout(() => {
      this.#soon = 0;
      void this.#refresh(true);
    }, AFTER_EVENT_MS);
  }

  /** @param {Status} status */
  #showStatus(status) {
    this.#history.add(status);
    this.#plots.draw(this.#history.samples);
    write(find("summary", HTMLElement), summaryWords(status));
    write(find("trouble", HTMLElement), troubleWords(status));
  }

  /** @param {Peer | undefined} peer */
  #showPeer(peer) {
    this.#peer.show(peer, (id) => this.#room.nameOf(id));
  }
}

/**
 * What has ended meanwhile, or is at another server, is shown no more.
 * @template T
 * @param {Promise<T>} promise
 * @returns {Promise<T | undefined>}
 */
function orGone(promise) {
  return promise.catch((error) => {
    if (error instanceof ApiError && [404, 409].includes(error.status)) return undefined;
    throw error;
  });
}

/**
 * Whether a stream was refused, or broke off: fetch says the latter by a TypeError, what we end ourselves by a DOMException.
 * @param {unknown} error
 */
function isLoss(error) {
  return error instanceof ApiError || error instanceof TypeError || error instanceof DOMException;
}
