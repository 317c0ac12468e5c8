import assert from "node:assert/strict";
import { writeBindingRequest } from "../../src/webrtc/stun_request.ts";
import { MediaSource } from "./media_source.ts";
import { buildOffer, type OfferLine } from "./offer_builder.ts";
import type { SecretSearch } from "./secret_search.ts";
import { credentialsOf } from "./signaling_room.ts";
import { SignalingSocket } from "./signaling_socket.ts";
import { WeriftClient } from "./werift_client.ts";

const CAMERA: OfferLine = { mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" };
const PACKETS = 20;

/** What one party was sent. */
export interface Told {
  readonly reader: string;
  readonly text: string;
}

/** Text that nobody guesses, and that is an ICE password too (RFC 8839 section 5.4). */
export function newSecret(): string {
  return crypto.randomUUID().replaceAll("-", "");
}

/**
 * A room with peers of all kinds, and strangers who send what is wrong. All that is secret goes to `secrets`; what each
 * was sent is given back.
 */
export async function playScene(url: string, secrets: SecretSearch): Promise<Told[]> {
  const signalingUrl = `${url.replace("http", "ws")}/ws`;
  const told: Told[] = [];
  await using bob = await joinWithSecrets("bob", signalingUrl, secrets);
  await using alice = await joinWithSecrets("alice", signalingUrl, secrets);
  const source = new MediaSource(alice, alice.publish("video"));
  await alice.connect();
  const { track } = await bob.signaling.receive("trackPublished");
  bob.publish("audio");
  await bob.connect();
  // With a second offer: a client is connected a moment before the server's media is.
  const subscription = bob.subscribe("video", track.id);
  await bob.negotiate();
  addTransportSecrets("alice", alice, secrets);
  addTransportSecrets("bob", bob, secrets);
  await source.begin(bob.streamOf(subscription));
  await source.flow(bob.streamOf(subscription), PACKETS);
  await resumeWithSecrets("alice", alice, signalingUrl, secrets);
  await checkWithWrongPassword(alice, secrets);
  for (const role of ["whip", "whep"] as const) told.push(...await playHttp(role, url, secrets));
  told.push(await playNonsense(signalingUrl, secrets));
  await source.flow(bob.streamOf(subscription), PACKETS);
  await alice.leave();
  await bob.signaling.receive("peerLeft", ({ peerId }) => peerId === alice.id);
  for (const [reader, { signaling }] of [["alice", alice], ["bob", bob]] as const) {
    told.push({ reader, text: JSON.stringify(signaling.messages.entries) });
  }
  return told;
}

async function joinWithSecrets(name: string, url: string, secrets: SecretSearch): Promise<WeriftClient> {
  const token = newSecret();
  secrets.addText(`token of ${name}'s WebSocket`, token, name);
  const client = await WeriftClient.join(url, "room", { name, token });
  addResumeToken(name, client, secrets);
  for (const { credential } of client.welcome.iceServers ?? []) {
    if (typeof credential === "string") secrets.addText(`TURN password of ${name}`, credential, name);
  }
  return client;
}

/** Behind the peer id, which is no secret. */
function addResumeToken(name: string, { resumeToken }: WeriftClient, secrets: SecretSearch): void {
  secrets.addText(`resume token of ${name}`, resumeToken.split(".").at(-1) ?? "", name);
}

/** By a wrong token first. */
async function resumeWithSecrets(name: string, client: WeriftClient, url: string, secrets: SecretSearch) {
  const wrong = newSecret();
  secrets.addText(`a wrong resume token of ${name}`, wrong, name);
  await assert.rejects(client.resume(url, wrong), /resume-failed/);
  await client.resume(url);
  addResumeToken(name, client, secrets);
}

function addTransportSecrets(name: string, client: WeriftClient, secrets: SecretSearch): void {
  const offer = client.connection.localDescription?.sdp ?? "";
  secrets.addText(`ICE password of ${name}`, credentialsOf(offer).password, name);
  secrets.addText(`ICE password of the server for ${name}`, credentialsOf(client.answer).password, name);
  const { srtpKeys } = client;
  assert.ok(srtpKeys);
  secrets.addBytes(`SRTP key of ${name}`, Uint8Array.from(srtpKeys.localKey), name);
  secrets.addBytes(`SRTP key of the server for ${name}`, Uint8Array.from(srtpKeys.remoteKey), name);
}

/** As somebody who has seen the server's ufrag, and guesses. */
async function checkWithWrongPassword(client: WeriftClient, secrets: SecretSearch): Promise<void> {
  const password = newSecret();
  secrets.addText("a guessed ICE password", password, "stranger");
  const request = new Uint8Array(512);
  const length = writeBindingRequest(request, {
    transactionId: crypto.getRandomValues(new Uint8Array(12)),
    username: `${credentialsOf(client.answer).ufrag}:guess`,
    password,
    priority: 1,
    role: "controlling",
    useCandidate: true,
  });
  const port = Number(/^a=candidate:\S+ 1 udp \d+ \S+ (\d+)/im.exec(client.answer)?.[1]);
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  await socket.send(request.subarray(0, length), { transport: "udp", hostname: "127.0.0.1", port });
  socket.close();
}

/** A session by HTTP from its POST to its DELETE, and what is wrong of each kind. */
async function playHttp(role: "whip" | "whep", url: string, secrets: SecretSearch): Promise<Told[]> {
  const told: Told[] = [];
  const add = (name: string) => {
    const text = newSecret();
    secrets.addText(`${name} of ${role}`, text, role);
    return text;
  };
  const ask = async (path: string, init: RequestInit & { type?: string; match?: string }): Promise<Response> => {
    const { type = "application/sdp", match } = init;
    const headers = {
      "Authorization": `Bearer ${add("bearer token")}`,
      "Content-Type": type,
      ...(match !== undefined && { "If-Match": match }),
    };
    const response = await fetch(new URL(path, url), { ...init, headers });
    const text = `${JSON.stringify([...response.headers])} ${await response.clone().text()}`;
    told.push({ reader: role, text });
    return response;
  };
  const line: OfferLine = role === "whip" ? CAMERA : { mid: "0", kind: "video", direction: "recvonly" };
  const offer = buildOffer([line]).replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:${add("ICE password")}`);
  const created = await ask(`/${role}/room`, { method: "POST", body: offer });
  assert.equal(created.status, 201);
  secrets.addText(`ICE password of the server for ${role}`, credentialsOf(await created.text()).password, role);
  const credential = /credential="([^"]+)"/.exec(created.headers.get("Link") ?? "")?.[1];
  if (credential !== undefined) secrets.addText(`TURN password of ${role}`, credential, role);
  const location = created.headers.get("Location") ?? "";
  secrets.addText(`session id of ${role}`, location.split("/").at(-1) ?? "", role);
  const fragment = { method: "PATCH", type: "application/trickle-ice-sdpfrag" };
  const restart = `a=ice-ufrag:other\r\na=ice-pwd:${add("restarted ICE password")}\r\n`;
  const restarted = await ask(location, { ...fragment, match: "*", body: restart });
  assert.equal(restarted.status, 200);
  secrets.addText(`restarted ICE password for ${role}`, credentialsOf(await restarted.text()).password, role);
  const wrong: [string, Parameters<typeof ask>[1]][] = [
    [`/${role}/room`, { method: "POST", body: offer.replace(/^a=ice-pwd:/gm, "a=ice-pwd:?") }],
    [`/${role}/room`, { method: "POST", body: `m=${add("text")}\r\n${offer}` }],
    [`/${role}/room`, { method: "POST", body: offer, type: `text/${add("type")}` }],
    [`/${role}/room?name=${"n".repeat(500)}`, { method: "POST", body: offer }],
    [`/${role}/room`, { method: "PUT", body: offer }],
    [location, { ...fragment, body: restart }],
    [location, { ...fragment, match: `"${add("etag")}"`, body: restart }],
    [location, { ...fragment, match: "*", body: `a=ice-ufrag:x\r\na=ice-pwd:${add("password").slice(0, 20)}\r\n` }],
    [location, { ...fragment, match: "*", body: `${add("line")}\r\n` }],
    [`${location}-${add("session id")}`, { method: "DELETE" }],
  ];
  for (const [path, init] of wrong) assert.ok((await ask(path, init)).status >= 400, path);
  assert.equal((await ask(location, { method: "DELETE" })).status, 200);
  return told;
}

/** Messages that are wrong in each way, all with a secret in them. */
async function playNonsense(signalingUrl: string, secrets: SecretSearch): Promise<Told> {
  const reader = "nonsense";
  const add = (name: string) => {
    const text = newSecret();
    secrets.addText(`${name} of a wrong message`, text, reader);
    return text;
  };
  await using socket = await SignalingSocket.open(signalingUrl);
  const offer = buildOffer([CAMERA]);
  const messages = [
    `{"type":"join","resume":"${add("resume")}`,
    JSON.stringify({ type: "join", roomId: 1, token: add("token"), resume: add("resume") }),
    JSON.stringify({ type: "join", roomId: "room", resume: [add("resume")] }),
    JSON.stringify({ type: "join", roomId: "room", resume: add("resume") }),
    JSON.stringify({ type: "join", roomId: "room", token: "t".repeat(5000) + add("token") }),
    JSON.stringify({ type: "jion", token: add("token") }),
    JSON.stringify({ type: "offer", sdp: offer, token: add("token") }),
    JSON.stringify({ type: "join", roomId: "room", token: add("token") }),
    JSON.stringify({ type: "join", roomId: "room", token: add("token") }),
    JSON.stringify({ type: "offer", sdp: `v=0\r\na=ice-pwd:${add("ICE password")}\r\n` }),
    JSON.stringify({ type: "offer", sdp: offer.replace(/^a=ice-pwd:.*$/gm, `a=ice-pwd:?${add("ICE password")}`) }),
    JSON.stringify({ type: "offer", sdp: offer, tracks: [{ mid: add("mid") }] }),
    JSON.stringify({ type: "iceCandidate", candidate: { candidate: `candidate:1 ${add("candidate")}` } }),
    new TextEncoder().encode(add("binary frame")),
  ];
  for (const message of messages) socket.sendRaw(message);
  const { messages: received } = socket;
  // The first offer comes behind a join that is right, and is answered by two.
  await received.reach(messages.length + 1, "an answer to each message");
  return { reader, text: JSON.stringify(received.entries) };
}
