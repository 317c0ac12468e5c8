// @ts-check
/**
 * The live view: what the admin API tells, and what it does, by a token that the user has.
 * @module
 */
/** @import { Published } from "./types.js" */
import { find } from "../ui/dom.js";
import { Api, ApiError } from "./api.js";
import { ask } from "./ask.js";
import { View } from "./view.js";

/** Of this tab alone, and until it is closed. */
const TOKEN_KEY = "switchboard-admin-token";
const TOAST_MS = 8_000;
const CAPTURE_SECONDS = 10;
const DRAIN_SECONDS = 60;

/** @type {Api | undefined} */
let api;
let toastTimer = 0;
const view = new View({ mute, refused: (error) => logOut(error.message) });

/** @param {string} text */
function say(text) {
  const toast = find("status", HTMLElement);
  toast.textContent = text;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => toast.textContent = "", TOAST_MS);
}

/** @param {boolean} isIn */
function show(isIn) {
  find("login", HTMLElement).hidden = isIn;
  find("view", HTMLElement).hidden = !isIn;
}

/** @param {string} token */
async function logIn(token) {
  const asked = new Api(token);
  try {
    await view.start(asked);
  } catch (error) {
    return logOut(error instanceof Error ? error.message : String(error));
  }
  api = asked;
  sessionStorage.setItem(TOKEN_KEY, token);
  find("login-notice", HTMLElement).textContent = "";
  show(true);
}

/** @param {string} reason why there is nothing to see; empty where the user wanted it */
function logOut(reason) {
  api = undefined;
  sessionStorage.removeItem(TOKEN_KEY);
  view.stop();
  show(false);
  find("login-notice", HTMLElement).textContent = reason;
  find("token-input", HTMLInputElement).focus();
}

/**
 * Does something to the server, and says what came of it.
 * @param {string} done
 * @param {(api: Api) => Promise<void>} action
 */
async function act(done, action) {
  if (api === undefined) return;
  try {
    await action(api);
    say(done);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(`Not done: ${error.message} (${error.code})`);
  }
  await view.refresh();
}

/** @param {Published} track */
async function mute(track) {
  const { peer } = view;
  if (peer === undefined) return;
  const muted = !track.muted;
  const text = muted
    ? `Nobody receives the ${track.source} of ${peer.name} until it is unmuted here. ${peer.name} is told.`
    : `Others receive the ${track.source} of ${peer.name} again.`;
  const verb = muted ? "Mute" : "Unmute";
  if (await ask({ title: `${verb} the ${track.source}?`, text, confirm: verb }) === undefined) return;
  await act(
    `${track.source} ${muted ? "muted" : "unmuted"}`,
    (api) => api.mute(peer.roomId, peer.peerId, track.id, muted),
  );
}

async function kick() {
  const { peer } = view;
  if (peer === undefined) return;
  const text = `${peer.name} leaves ${peer.roomId}, and tokens of the same identity lead there no more.`;
  if (await ask({ title: `Kick ${peer.name}?`, text, confirm: "Kick" }) === undefined) return;
  await act(`${peer.name} was kicked`, (api) => api.kick(peer.roomId, peer.peerId));
}

async function endRoom() {
  const { roomId } = view;
  if (roomId === undefined) return;
  const text = "All of its peers leave, at all servers that share the room.";
  if (await ask({ title: `End ${roomId}?`, text, confirm: "End the room" }) === undefined) return;
  await act(`${roomId} was ended`, (api) => api.end(roomId));
}

/** @param {string | undefined} roomId undefined for all rooms */
async function message(roomId) {
  const text = await ask({
    title: roomId === undefined ? "Message everybody" : `Message ${roomId}`,
    text: "Their pages get it as a message of the server; what they show of it is theirs to decide.",
    confirm: "Send",
    field: { label: "Text", value: "", type: "text" },
  });
  if (text !== undefined) await act("The message was sent", (api) => api.message(roomId, text));
}

async function drain() {
  const seconds = await ask({
    title: "Drain this server?",
    text: "New peers are refused from now on, and those that are here asked to go elsewhere. It cannot be taken back.",
    confirm: "Drain",
    field: { label: "Seconds that they have", value: String(DRAIN_SECONDS), type: "number", max: 86_400 },
  });
  if (seconds !== undefined) await act("The server drains", (api) => api.drain(Number(seconds)));
}

async function capture() {
  const { peer } = view;
  if (peer === undefined) return;
  const text =
    `${CAPTURE_SECONDS} s of what ${peer.name} sends and is sent, for Wireshark: headers of RTP, and RTCP; no ` +
    "sound, no picture, no keys.";
  if (await ask({ title: `Capture ${peer.name}?`, text, confirm: "Capture" }) === undefined) return;
  say(`Capturing for ${CAPTURE_SECONDS} s`);
  await act("The capture is among your downloads", async (api) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await api.capture(peer.roomId, peer.peerId, CAPTURE_SECONDS));
    link.download = `${peer.peerId}.pcapng`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), TOAST_MS);
  });
}

/** @type {[string, () => void][]} */
const BUTTONS = [
  ["kick", kick],
  ["end-room", endRoom],
  ["message-room", () => void message(view.roomId)],
  ["message-all", () => void message(undefined)],
  ["drain", drain],
  ["capture", capture],
  ["logout", () => logOut("")],
];
for (const [id, action] of BUTTONS) find(id, HTMLButtonElement).onclick = () => action();

find("login-form", HTMLFormElement).onsubmit = (event) => {
  event.preventDefault();
  const input = find("token-input", HTMLInputElement);
  void logIn(input.value.trim());
  input.value = "";
};

addEventListener("keydown", (event) => {
  const isTyping = event.target instanceof HTMLInputElement;
  if (event.key !== "/" || isTyping || api === undefined) return;
  event.preventDefault();
  view.focusFilter();
});

const kept = sessionStorage.getItem(TOKEN_KEY);
if (kept !== null) void logIn(kept);
else find("token-input", HTMLInputElement).focus();
