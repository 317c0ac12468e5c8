// @ts-check
/**
 * The page: from the lobby into a room and out of it again. It uses only the SDK's public API.
 * @module
 */

import { join } from "./switchboard.js";
import { Call } from "./ui/call.js";
import { closeMedia, Devices } from "./ui/devices.js";
import { find } from "./ui/dom.js";
import { GAP } from "./ui/gallery.js";
import { screenful } from "./ui/layout.js";
import { readQuery, rememberRoom } from "./ui/links.js";
import { Lobby } from "./ui/lobby.js";
import { maxBitrateOf } from "./ui/local_tracks.js";
import { closedWords, joinWords } from "./ui/words.js";

/** @typedef {"lobby" | "joining" | "joined" | "left" | "failed"} PageState */

const TOAST_MS = 8_000;
/** Of the header and the buttons of a call, px. */
const BARS_HEIGHT = 140;

const query = readQuery(location.search);
const devices = new Devices(query.video);
const lobby = new Lobby(devices, query, { join: enter, say });
/** @type {Call | undefined} */
let call;
let toastTimer = 0;

/** @param {PageState} state */
function setState(state) {
  document.documentElement.dataset.state = state;
  find("lobby", HTMLElement).hidden = state !== "lobby" && state !== "joining";
  find("call", HTMLElement).hidden = state !== "joined";
  find("ended", HTMLElement).hidden = state !== "left" && state !== "failed";
  lobby.setJoining(state === "joining");
}

/**
 * Tells the user something that needs no answer.
 * @param {string} text
 */
function say(text) {
  const toast = find("status", HTMLElement);
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.textContent = "", TOAST_MS);
}

async function openLobby() {
  setState("lobby");
  await lobby.openMedia();
  lobby.focus();
}

/** Joins with the devices that are open. */
async function enter() {
  setState("joining");
  const { roomId, name } = lobby;
  const media = await lobby.takeMedia();
  const tracks = [media.microphone, media.camera].filter((track) => track !== null).map((track) => {
    const source = track.kind === "audio" ? /** @type {const} */ ("microphone") : /** @type {const} */ ("camera");
    return { track, source, maxBitrate: maxBitrateOf(source) };
  });
  try {
    const shown = screenful({ width: innerWidth, height: innerHeight - BARS_HEIGHT, gap: GAP });
    // With more people than fit, sound comes by slots as well: eight at once are more than anybody can follow.
    const slots = { video: shown, audio: 8, beyond: shown };
    const room = await join(new URL("ws", location.href), { roomId, name, token: query.token, tracks, slots });
    rememberRoom(roomId);
    // Shown before it is filled: tiles are laid out by the room there is for them.
    setState("joined");
    call = new Call({ room, roomId, name, devices, say });
    room.on("closed", endCall);
  } catch (error) {
    closeMedia(media);
    showEnd("failed", joinWords(error), "Try again");
  }
}

/** @param {{ code: string, reason: string }} closed */
function endCall(closed) {
  call?.close();
  call = undefined;
  showEnd(closed.code === "left" ? "left" : "failed", closedWords(closed), "Rejoin");
}

/**
 * @param {"left" | "failed"} state
 * @param {{ title: string, text: string }} words
 * @param {string} again what the button that joins says
 */
function showEnd(state, { title, text }, again) {
  find("ended-title", HTMLElement).textContent = title;
  find("ended-text", HTMLElement).textContent = text;
  find("rejoin-button", HTMLButtonElement).textContent = again;
  say("");
  setState(state);
  find("rejoin-button", HTMLButtonElement).focus();
}

async function rejoin() {
  setState("joining");
  lobby.openMedia();
  await enter();
  // In the lobby the user would have read it.
  if (call !== undefined && lobby.problems.length > 0) say(lobby.problems.join(" "));
}

find("rejoin-button", HTMLButtonElement).addEventListener("click", rejoin);
find("lobby-button", HTMLButtonElement).addEventListener("click", openLobby);
// The others should not wait for the server to notice a page that is gone.
addEventListener("pagehide", () => call?.leave());

if (query.join && query.roomId !== "") rejoin();
else openLobby();
