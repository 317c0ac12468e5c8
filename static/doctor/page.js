// @ts-check
/**
 * The page: `/doctor?token=...&room=...&run=1`, where `run=1` begins without a click.
 * @module
 */

/** @import { Finding, PageFacts, Way, WayFacts } from "./findings.js" */
import { SwitchboardError } from "../sdk/error.js";
import { closeMedia, Devices } from "../ui/devices.js";
import { clone, find, part } from "../ui/dom.js";
import { newRoomId, readQuery } from "../ui/links.js";
import { deviceWords } from "../ui/words.js";
import { findingsOf } from "./findings.js";
import { openPicture } from "./picture.js";
import { tryWay } from "./way.js";

const query = readQuery(location.search);
const button = find("examine-button", HTMLButtonElement);
const summary = find("summary", HTMLElement);
const list = find("findings", HTMLElement);

/** @param {"ready" | "running" | "done"} state */
function setState(state) {
  document.documentElement.dataset.state = state;
  button.disabled = state === "running";
}

async function examine() {
  setState("running");
  summary.textContent = "Looking… this takes some seconds.";
  list.replaceChildren();
  show(findingsOf(await gather()));
  setState("done");
}

/** @returns {Promise<PageFacts>} */
async function gather() {
  const deviceProblems = await tryDevices();
  const common = { isSecure: isSecureContext, host: location.host, deviceProblems };
  try {
    return { ...common, refusal: null, ways: await tryWays() };
  } catch (error) {
    const refusal = error instanceof SwitchboardError
      ? { code: error.code, message: error.message }
      : { code: "failed", message: String(error) };
    return { ...common, refusal, ways: null };
  }
}

async function tryDevices() {
  const { media, errors } = await new Devices().openAll(["camera", "microphone"]);
  closeMedia(media);
  return errors.flatMap((error) =>
    error.device === "screen" ? [] : [{ device: error.device, words: deviceWords(error) }]
  );
}

/** @returns {Promise<Record<Way, WayFacts>>} */
async function tryWays() {
  if (!("RTCPeerConnection" in globalThis)) throw new SwitchboardError("unsupported-browser", "it has no WebRTC");
  const url = new URL("ws", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.search = "";
  const roomId = query.roomId || `doctor-${newRoomId()}`;
  const { track, stop } = openPicture();
  try {
    const options = { url, roomId, token: query.token || undefined, track };
    // One after the other: with one token there may be one peer only.
    const udp = await tryWay("udp", options);
    const tcp = await tryWay("tcp", options);
    return { udp, tcp, relay: await tryWay("relay", options) };
  } finally {
    stop();
  }
}

/** @param {Finding[]} findings */
function show(findings) {
  list.replaceChildren(...findings.map(itemOf));
  const [problems, warnings] = ["problem", "warning"].map((severity) =>
    findings.filter((finding) => finding.severity === severity).length
  );
  summary.textContent = problems + warnings === 0
    ? "All is well."
    : `${countOf(problems, "problem")}, ${countOf(warnings, "warning")}.`;
}

/**
 * @param {number} count
 * @param {string} what
 */
function countOf(count, what) {
  return `${count || "No"} ${what}${count === 1 ? "" : "s"}`;
}

/** @param {Finding} finding */
function itemOf({ id, severity, title, detail, fix }) {
  const item = clone("finding-template");
  item.dataset.id = id;
  item.dataset.severity = severity;
  part(item, ".finding-title", HTMLElement).textContent = severity === "ok" ? title : `${title}: ${severity}`;
  part(item, ".finding-detail", HTMLElement).textContent = detail;
  const fixText = part(item, ".finding-fix", HTMLElement);
  fixText.textContent = fix ?? "";
  fixText.hidden = fix === undefined;
  return item;
}

button.addEventListener("click", examine);
if (new URLSearchParams(location.search).get("run") === "1") examine();
