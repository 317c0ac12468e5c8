import { createCertificate, type DtlsCertificate } from "../../io/dtls/certificate.ts";
import type { IceCandidate } from "../../webrtc/candidate.ts";
import { messageOf } from "../../webrtc/error_message.ts";
import { parseIpAddress } from "../../webrtc/ip_address.ts";
import type { IceServerInfo } from "../../signaling/messages.ts";
import type { CandidateCheck, DtlsFacts, SignalingFacts, TurnFacts } from "../facts.ts";
import { checkConnectivity, type IceCredentials } from "./connectivity_check.ts";
import { checkDtls } from "./dtls_check.ts";
import { LENGTH_PREFIXED, openUdpPath, type Path, streamPath } from "./path.ts";
import { type AnswerSide, readAnswer, writeOffer } from "./session_description.ts";
import { Signaling, SignalingError, type SignalingOptions } from "./signaling.ts";
import { openServerPath, TurnAllocation, TurnError } from "./turn_client.ts";
import { parseStunUrl } from "./turn_url.ts";

const CONNECT_MS = 4_000;
const DISCARD_PORT = 9;
/** Candidates that a relay is tried with. */
const MAX_RELAYED = 3;

export interface MediaProbe extends Omit<SignalingOptions, "origin"> {
  /** Of the server, http or https. */
  readonly url: URL;
  readonly roomId: string;
  /** Unix time in ms. */
  readonly nowMs: number;
}

/** Joins as a page does and tries each way by which media could go. Leaves nothing behind. */
export async function probeMedia(probe: MediaProbe): Promise<SignalingFacts> {
  try {
    const { signaling, originAllowed } = await openAsPage(probe);
    try {
      return await probeWays(signaling, probe, originAllowed);
    } finally {
      await signaling.close();
    }
  } catch (error) {
    if (!(error instanceof SignalingError)) throw error;
    return { ok: false, code: error.code, message: error.message };
  }
}

/** With the origin of the server's own page; without one where that is refused, as clients that are no pages come. */
async function openAsPage({ url, token, client }: MediaProbe) {
  const address = new URL("/ws", url);
  address.protocol = address.protocol.replace("http", "ws");
  try {
    const signaling = await Signaling.open(address, { token, client, origin: url.origin });
    return { signaling, originAllowed: true };
  } catch (error) {
    if (!(error instanceof SignalingError)) throw error;
    return { signaling: await Signaling.open(address, { token, client }), originAllowed: false };
  }
}

async function probeWays(signaling: Signaling, probe: MediaProbe, originAllowed: boolean): Promise<SignalingFacts> {
  const certificate = createCertificate(probe.nowMs);
  const own = { ufrag: randomText(8), password: randomText(24), fingerprint: certificate.fingerprint };
  const welcome = await signaling.join(probe.roomId);
  const answer = readAnswer(await signaling.offer(writeOffer(own)));
  if (answer === undefined) throw new SignalingError("no-answer", "the answer has no ICE credentials");
  const credentials = { ufrag: answer.ufrag, password: answer.password, ownUfrag: own.ufrag };
  const candidates = answer.candidates.filter(({ port }) => port !== DISCARD_PORT);
  const checks = await Promise.all(candidates.map((candidate) => checkCandidate(candidate, credentials)));
  const best = checks.find(({ roundTripMs }) => roundTripMs !== undefined)?.candidate;
  const dtls = best && await checkHandshake(best, credentials, answer, certificate);
  const turn = await probeTurn(welcome.iceServers ?? [], credentials, candidates);
  const asksForTokens = welcome.grants !== undefined;
  return { ok: true, originAllowed, asksForTokens, checks, turn, ...(dtls !== undefined && { dtls }) };
}

/** Letters, digits, + and / (RFC 8839 section 5.4). */
function randomText(length: number): string {
  return crypto.getRandomValues(new Uint8Array(length)).toBase64().slice(0, length);
}

async function checkCandidate(candidate: IceCandidate, credentials: IceCredentials): Promise<CandidateCheck> {
  const path = await openPath(candidate);
  if (path === undefined) return { candidate };
  try {
    const roundTripMs = await checkConnectivity(path, credentials);
    return { candidate, ...(roundTripMs !== undefined && { roundTripMs }) };
  } finally {
    await path.close();
  }
}

/** Undefined where there is none: no connection, no address of that family. */
async function openPath({ transport, address, port }: IceCandidate): Promise<Path | undefined> {
  if (parseIpAddress(address) === undefined) return undefined;
  try {
    if (transport === "udp") return openUdpPath({ address, port });
    const connection = await Deno.connect({ hostname: address, port, signal: AbortSignal.timeout(CONNECT_MS) });
    return streamPath(connection, LENGTH_PREFIXED);
  } catch (error) {
    if (error instanceof Error && !(error instanceof Deno.errors.NotCapable)) return undefined;
    throw error;
  }
}

/** Over a way of its own, which a check opens: DTLS is taken from addresses alone that have proven themselves. */
async function checkHandshake(
  candidate: IceCandidate,
  credentials: IceCredentials,
  { fingerprints }: AnswerSide,
  certificate: DtlsCertificate,
): Promise<DtlsFacts | undefined> {
  const path = await openPath(candidate);
  if (path === undefined) return undefined;
  try {
    if (await checkConnectivity(path, credentials) === undefined) return undefined;
    return await checkDtls(path, fingerprints, certificate);
  } finally {
    await path.close();
  }
}

async function probeTurn(
  servers: readonly IceServerInfo[],
  credentials: IceCredentials,
  candidates: readonly IceCandidate[],
): Promise<TurnFacts[]> {
  const peers = candidates.filter(({ transport }) => transport === "udp");
  const facts: TurnFacts[] = [];
  for (const { urls, username = "", credential: password = "" } of servers) {
    for (const url of urls.filter((url) => url.startsWith("turn"))) {
      facts.push(await probeTurnServer(url, { username, password }, credentials, peers));
    }
  }
  return facts;
}

async function probeTurnServer(
  url: string,
  account: { readonly username: string; readonly password: string },
  credentials: IceCredentials,
  peers: readonly IceCandidate[],
): Promise<TurnFacts> {
  const server = parseStunUrl(url);
  if (server === undefined) return { url, allocation: { ok: false, code: 0, reason: "its URL cannot be read" } };
  try {
    const allocation = await TurnAllocation.open(await openServerPath(server), account);
    const relayed = `${allocation.relayed.address}:${allocation.relayed.port}`;
    try {
      const relay = await checkRelay(allocation, peers, credentials);
      return { url, allocation: { ok: true, relayed }, ...(relay !== undefined && { relay }) };
    } finally {
      await allocation.close();
    }
  } catch (error) {
    const code = error instanceof TurnError ? error.code : 0;
    return { url, allocation: { ok: false, code, reason: messageOf(error) } };
  }
}

/** A candidate after the other until one answers: some are of networks that a relay does not reach. */
async function checkRelay(
  allocation: TurnAllocation,
  peers: readonly IceCandidate[],
  credentials: IceCredentials,
): Promise<TurnFacts["relay"]> {
  const isIpv6 = ({ address }: { readonly address: string }) => address.includes(":");
  const candidates = peers.filter((peer) => isIpv6(peer) === isIpv6(allocation.relayed)).slice(0, MAX_RELAYED);
  let relay: TurnFacts["relay"];
  for (const peer of candidates) {
    relay = await checkRelayed(allocation, peer, credentials);
    if (relay.roundTripMs !== undefined) return relay;
  }
  return relay;
}

async function checkRelayed(
  allocation: TurnAllocation,
  peer: IceCandidate,
  credentials: IceCredentials,
): Promise<NonNullable<TurnFacts["relay"]>> {
  try {
    const path = await allocation.pathTo(peer);
    const roundTripMs = await checkConnectivity(path, credentials);
    return roundTripMs === undefined ? { reason: "no answer" } : { roundTripMs };
  } catch (error) {
    if (error instanceof TurnError) return { reason: error.message };
    throw error;
  }
}
