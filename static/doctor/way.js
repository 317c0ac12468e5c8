// @ts-check
/**
 * A connection to the server that has one way to go by.
 * @module
 */

/** @import { Way, WayFacts } from "./findings.js" */
import { Session } from "./session.js";

/** A browser gives a candidate up after some 15 s: who has waited for less than half as long for a call has gone. */
const CONNECT_MS = 6_000;
/** Receiver reports come each second or so. */
const FLOW_MS = 5_000;
const LOOK_MS = 250;
const CANDIDATE = /^a=candidate:\S+ \d+ (udp|tcp) \d+ (\S+) (\d+) .*\r\n/gim;

/**
 * Sends a picture to the server by this way alone, in a peer of its own, and leaves.
 * @param {Way} way
 * @param {{ url: URL, roomId: string, token: string | undefined, track: MediaStreamTrack }} options
 * @returns {Promise<WayFacts>}
 * @throws {import("../sdk/error.js").SwitchboardError}
 */
export async function tryWay(way, { url, roomId, token, track }) {
  const session = await Session.join(url, roomId, token);
  const iceServers = (session.welcome.iceServers ?? []).filter(({ urls }) => [urls].flat().some(isTurn));
  const connection = new RTCPeerConnection({
    iceServers: way === "relay" ? iceServers : [],
    iceTransportPolicy: way === "relay" ? "relay" : "all",
    bundlePolicy: "max-bundle",
  });
  try {
    if (way === "relay" && iceServers.length === 0) return { state: "absent", candidates: [] };
    connection.addTransceiver(track, { direction: "sendonly" });
    await connection.setLocalDescription();
    const answer = await session.offer(connection.localDescription?.sdp ?? "");
    const { sdp, candidates } = onlyBy(way === "tcp" ? "tcp" : "udp", answer);
    if (candidates.length === 0) return { state: "absent", candidates };
    await connection.setRemoteDescription({ type: "answer", sdp });
    if (!await isConnected(connection)) return { state: "silent", candidates };
    return { state: "open", candidates, ...await flowOf(connection) };
  } finally {
    connection.close();
    session.leave();
  }
}

/** @param {string} url */
function isTurn(url) {
  return url.startsWith("turn");
}

/**
 * An answer without the candidates of the other transport.
 * @param {string} transport
 * @param {string} answer
 */
function onlyBy(transport, answer) {
  /** @type {string[]} */
  const candidates = [];
  const sdp = answer.replace(CANDIDATE, (line, own, address, port) => {
    if (own.toLowerCase() !== transport) return "";
    candidates.push(address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`);
    return line;
  });
  return { sdp, candidates: [...new Set(candidates)] };
}

/**
 * @param {RTCPeerConnection} connection
 * @returns {Promise<boolean>} false where it fails, or takes too long
 */
function isConnected(connection) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), CONNECT_MS);
    connection.onconnectionstatechange = () => {
      const { connectionState } = connection;
      if (connectionState !== "connected" && connectionState !== "failed") return;
      clearTimeout(timer);
      resolve(connectionState === "connected");
    };
  });
}

/**
 * What the server reports of what was sent, once it does.
 * @param {RTCPeerConnection} connection
 * @returns {Promise<Pick<WayFacts, "pair" | "roundTripMs" | "loss">>}
 */
async function flowOf(connection) {
  for (let waited = 0; waited < FLOW_MS; waited += LOOK_MS) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const reports = await reportsOf(connection);
    const report = reports.find(({ type }) => type === "remote-inbound-rtp");
    if (report !== undefined) return { ...pairOf(reports), loss: report.fractionLost ?? 0 };
  }
  return pairOf(await reportsOf(connection));
}

/**
 * What the statistics of all kinds have that is of interest here.
 * @typedef {object} Report
 * @property {string} id
 * @property {string} type
 * @property {number} [fractionLost] 0 to 1
 * @property {string} [selectedCandidatePairId]
 * @property {boolean} [nominated]
 * @property {string} [state]
 * @property {string} [localCandidateId]
 * @property {string} [remoteCandidateId]
 * @property {number} [currentRoundTripTime] seconds
 * @property {string} [candidateType]
 * @property {string} [protocol]
 * @property {string} [relayProtocol]
 * @property {string} [address] which browsers hide of some candidates
 * @property {number} [port]
 */

/**
 * @param {RTCPeerConnection} connection
 * @returns {Promise<Report[]>}
 */
async function reportsOf(connection) {
  return [...(await connection.getStats()).values()];
}

/**
 * The candidate pair that media goes by, in words, and its round trip.
 * @param {Report[]} reports
 */
function pairOf(reports) {
  const byId = new Map(reports.map((report) => [report.id, report]));
  const transport = reports.find(({ type }) => type === "transport");
  const pair = byId.get(transport?.selectedCandidatePairId ?? "") ??
    reports.find(({ type, nominated, state }) => type === "candidate-pair" && nominated && state === "succeeded");
  if (pair === undefined) return {};
  const [local, remote] = [pair.localCandidateId, pair.remoteCandidateId].map((id) => byId.get(id ?? ""));
  const seconds = pair.currentRoundTripTime;
  return {
    pair: `from ${placeOf(local)} to ${placeOf(remote)}`,
    ...(typeof seconds === "number" && { roundTripMs: 1000 * seconds }),
  };
}

/** @param {Report | undefined} candidate */
function placeOf(candidate) {
  if (candidate === undefined) return "?";
  const { candidateType = "?", protocol = "?", address, port, relayProtocol } = candidate;
  const at = address ? ` ${address}:${port}` : "";
  return `${candidateType}${at} (${relayProtocol ? `${relayProtocol} to TURN` : protocol})`;
}
