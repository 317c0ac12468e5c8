// @ts-check
/**
 * What the page says of what it has seen: facts in, findings out. docs/doctor.md lists them.
 * @module
 */

/** @typedef {"ok" | "warning" | "problem"} Severity */
/** @typedef {keyof typeof TITLES} FindingId */
/** @typedef {{ id: FindingId, severity: Severity, title: string, detail: string, fix?: string }} Finding */
/** @typedef {"udp" | "tcp" | "relay"} Way */

/**
 * What came of a way to the server.
 * @typedef {object} WayFacts
 * @property {"absent" | "silent" | "open"} state `absent`: the server has no such way; `silent`: nothing gets through;
 * `open`: media does
 * @property {string[]} candidates the server's, as `192.0.2.1:3478`
 * @property {string} [pair] the one that won, in words
 * @property {number} [roundTripMs]
 * @property {number} [loss] of what was sent, 0 to 1; undefined where the server has not told that anything came
 */

/**
 * @typedef {object} PageFacts
 * @property {boolean} isSecure
 * @property {string} host of the page
 * @property {{ device: "camera" | "microphone", words: string }[]} deviceProblems
 * @property {{ code: string, message: string } | null} refusal why the server lets nobody in
 * @property {Record<Way, WayFacts> | null} ways null where nobody is let in
 */

/** In the order in which they are shown. */
export const TITLES = {
  "secure-context": "Secure page",
  "camera": "Camera",
  "microphone": "Microphone",
  "signaling": "Joining",
  "media-udp": "Media by UDP",
  "media-tcp": "Media by TCP",
  "media-relay": "Media by TURN",
};

const MUCH_LOSS = 0.05;
const LONG_ROUND_TRIP_MS = 400;

/** @type {Record<string, string>} */
const JOIN_FIXES = {
  "unauthorized": "Open this page with a token behind it: /doctor?token=… (deno task token makes one).",
  "forbidden": "Take a token that lets its bearer publish video.",
  "server-unreachable":
    "If there is a proxy in front of the server it has to pass WebSockets on (docs/deploy.md), and the field Host as well.",
  "server-draining": "Try again in a moment: the server is about to end, and perhaps another one takes its place.",
  "unsupported-browser": "Use a current Firefox, Chrome, Edge or Safari, with WebRTC turned on.",
};

/** @type {Record<Way, string>} */
const WAY_FIXES = {
  udp: "Have the server's UDP ports opened in each firewall on the way, and an address announced that leads to it " +
    "(--announce); deno task doctor on the server's machine says more.",
  tcp: "Have the server's --tcp-port opened in each firewall on the way, and published where it is in a container.",
  relay: "Look whether the TURN server of --turn runs and can be reached from here, has the same secret " +
    "(static-auth-secret), and may relay to the server's address (denied-peer-ip).",
};

/** @type {Record<Way, FindingId>} */
const WAY_IDS = { udp: "media-udp", tcp: "media-tcp", relay: "media-relay" };

/**
 * @param {PageFacts} facts
 * @returns {Finding[]}
 */
export function findingsOf(facts) {
  const { ways } = facts;
  return [
    secureFinding(facts),
    ...deviceFindings(facts),
    joinFinding(facts),
    ...(ways === null ? [] : /** @type {const} */ (["udp", "tcp", "relay"]).map((way) => wayFinding(way, ways))),
  ];
}

/** @param {PageFacts} facts */
function secureFinding({ isSecure, host }) {
  if (isSecure) return finding("secure-context", "ok", "Browsers give camera and microphone to this page.");
  return finding(
    "secure-context",
    "problem",
    "This page came over http, and browsers give camera and microphone to pages of https or localhost alone.",
    `Open https://${host}/doctor; the server needs a certificate for that (--tls-cert), or a proxy in front that has one.`,
  );
}

/** @param {PageFacts} facts */
function deviceFindings({ deviceProblems }) {
  return /** @type {const} */ (["camera", "microphone"]).map((device) => {
    const found = deviceProblems.find((problem) => problem.device === device);
    if (found === undefined) return finding(device, "ok", `The ${device} works.`);
    return finding(device, "warning", `The ${device} cannot be used.`, found.words);
  });
}

/** @param {PageFacts} facts */
function joinFinding({ refusal }) {
  if (refusal === null) return finding("signaling", "ok", "The server lets this page in.");
  const { code, message } = refusal;
  const fix = JOIN_FIXES[code] ?? "Do what the message says; docs/protocol.md has the code.";
  return finding("signaling", "problem", `Nobody is let in: ${message} (${code}).`, fix);
}

/**
 * @param {Way} way
 * @param {Record<Way, WayFacts>} ways
 */
function wayFinding(way, ways) {
  const id = WAY_IDS[way];
  const { state, candidates } = ways[way];
  if (state === "absent") return absentFinding(way, ways);
  if (state === "open") return openFinding(id, ways[way]);
  const isCarried = Object.values(ways).some((other) => other.state === "open");
  const told = candidates.length === 0 ? "it tells no address" : `it says that it is at ${candidates.join(", ")}`;
  const detail = `Nothing gets through to the server from here; ${told}.`;
  return finding(id, isCarried ? "warning" : "problem", detail, WAY_FIXES[way]);
}

/**
 * @param {Way} way
 * @param {Record<Way, WayFacts>} ways
 */
function absentFinding(way, ways) {
  const id = WAY_IDS[way];
  if (way === "udp") return finding(id, "problem", "The server tells no address for UDP.", WAY_FIXES.udp);
  const other = way === "tcp" ? ways.relay : ways.tcp;
  if (way === "relay" || other.state !== "absent") return finding(id, "ok", "The server has none, and needs none.");
  return finding(
    id,
    "warning",
    "The server has none, nor a TURN server: from networks that block UDP nobody gets through.",
    "Start the server with --tcp-port=3478, or with a TURN server (--turn).",
  );
}

/**
 * @param {FindingId} id
 * @param {WayFacts} facts
 */
function openFinding(id, { pair = "", roundTripMs, loss }) {
  const time = roundTripMs === undefined ? "" : `, ${Math.round(roundTripMs)} ms to the server and back`;
  if (loss === undefined) {
    return finding(
      id,
      "problem",
      `Connected ${pair}${time}, and the server tells of no packet that has come.`,
      "Look into the server's log; a firewall may let short datagrams pass and no long ones (MTU).",
    );
  }
  const detail = `Packets flow ${pair}${time}, ${Math.round(loss * 100)}% lost.`;
  if (loss <= MUCH_LOSS && (roundTripMs ?? 0) <= LONG_ROUND_TRIP_MS) return finding(id, "ok", detail);
  return finding(id, "warning", detail, "Use a cable instead of Wi-Fi, or a server that is nearer.");
}

/**
 * @param {FindingId} id
 * @param {Severity} severity
 * @param {string} detail
 * @param {string} [fix]
 * @returns {Finding}
 */
function finding(id, severity, detail, fix) {
  return { id, severity, title: TITLES[id], detail, ...(fix !== undefined && { fix }) };
}
