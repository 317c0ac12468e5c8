import assert from "node:assert/strict";
import { buildOffer, type OfferLine } from "../../tests/harness/offer_builder.ts";
import { buildRtp, VP8_KEY_FRAME } from "../../tests/harness/rtp_builder.ts";
import { CAMERA, codes } from "../../tests/harness/session_steps.ts";
import { credentialsOf, type HttpClient, SignalingRoom } from "../../tests/harness/signaling_room.ts";
import { RtpPacket } from "../rtp/packet.ts";
import type { HttpSession } from "./http_session.ts";

const MICROPHONE: OfferLine = { mid: "1", kind: "audio", direction: "sendonly", ssrc: 2000, msid: "s a" };
const PLAY: readonly OfferLine[] = [
  { mid: "0", kind: "video", direction: "recvonly" },
  { mid: "1", kind: "audio", direction: "recvonly" },
];
const RESTART = "a=ice-ufrag:clie2\r\na=ice-pwd:client2client2client2client2\r\n";
const TRICKLE = "a=ice-ufrag:clie\r\na=ice-pwd:clientclientclientclient\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\n" +
  "a=candidate:1 1 udp 2122260223 192.0.2.1 61764 typ host\r\n";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function opened({ result }: HttpClient): { readonly session: HttpSession; readonly answer: string } {
  assert.ok(result.ok, result.ok ? "" : result.message);
  return result;
}

function refusal({ result }: HttpClient): string {
  assert.equal(result.ok, false);
  return result.code;
}

/** Publishes a camera and a microphone by WHIP, connected. */
function publisher(room: SignalingRoom, name?: string): HttpClient {
  const client = room.post("whip", buildOffer([CAMERA, MICROPHONE]), { name });
  client.client.connect(credentialsOf(opened(client).answer));
  return client;
}

/** Plays by WHEP, connected. */
function viewer(room: SignalingRoom, query: { readonly publisher?: string } = {}): HttpClient {
  const client = room.post("whep", buildOffer(PLAY), query);
  client.client.connect(credentialsOf(opened(client).answer));
  return client;
}

function sendPicture({ client }: HttpClient, sequenceNumber: number): void {
  client.sendRtp(buildRtp({ ssrc: CAMERA.ssrc ?? 0, sequenceNumber, payload: VP8_KEY_FRAME }));
}

/** SSRC and sequence number of the RTP packets that came. */
function received({ client, datagrams }: HttpClient): { readonly ssrc: number; readonly sequenceNumber: number }[] {
  return datagrams.take().flatMap(({ bytes }) => {
    const opened = client.open(bytes);
    const packet = new RtpPacket();
    return opened?.kind === "rtp" && packet.parse(opened.plain, opened.plain.length)
      ? [{ ssrc: packet.ssrc, sequenceNumber: packet.sequenceNumber }]
      : [];
  });
}

function directions(answer: string): string[] {
  return [...answer.matchAll(/^a=(sendonly|recvonly|sendrecv|inactive)/gm)].map(([, direction]) => direction);
}

test("P50, P51: WHIP and WHEP peers join the room of those who came by WebSocket, and media flows", () => {
  const room = new SignalingRoom(1);
  const watching = room.join();
  const from = publisher(room, "Ada");
  assert.deepEqual(codes(watching.take()), ["peerJoined", "trackPublished", "trackPublished"]);
  assert.deepEqual(directions(opened(from).answer), ["recvonly", "recvonly"]);
  const to = viewer(room);
  assert.deepEqual(directions(opened(to).answer), ["sendonly", "sendonly"]);
  assert.deepEqual(to.told, ["joined", "connected"]);
  sendPicture(from, 1);
  assert.equal(received(to).length, 1);
});

test("P86: WHIP takes simulcast, and a player gets one of the encodings, found by its RID", () => {
  const room = new SignalingRoom(7);
  const from = room.post("whip", buildOffer([{ ...CAMERA, ssrc: undefined, rids: ["0", "1"] }]));
  from.client.connect(credentialsOf(opened(from).answer));
  assert.match(opened(from).answer, /^a=rid:0 recv\r\na=rid:1 recv\r\na=simulcast:recv 0;1\r$/m);
  const to = viewer(room);
  const send = (ssrc: number, rid: string, sequenceNumber: number) => {
    const extensions = new Map(
      [[4, "0"], [10, rid]].map(([id, text]) => [Number(id), new TextEncoder().encode(`${text}`)]),
    );
    from.client.sendRtp(buildRtp({ ssrc, sequenceNumber, payload: VP8_KEY_FRAME, extensions }));
  };
  send(11, "0", 1);
  assert.equal(received(to).length, 1);
  for (const number of [1, 2]) send(12, "1", number);
  assert.equal(received(to).length, 0, "the other one, as long as no reports align them");
  send(11, "0", 2);
  assert.equal(received(to).length, 1);
});

test("P51: sendrecv is answered in the one direction that the endpoint has", () => {
  const room = new SignalingRoom(2);
  const both: OfferLine[] = [{ ...CAMERA, direction: "sendrecv" }];
  assert.deepEqual(directions(opened(room.post("whip", buildOffer(both))).answer), ["recvonly"]);
  assert.deepEqual(directions(opened(room.post("whep", buildOffer(both))).answer), ["sendonly"]);
});

test("P51: the wrong direction, and no media, are refused before a socket is opened", () => {
  const room = new SignalingRoom(3);
  assert.equal(refusal(room.post("whip", buildOffer(PLAY))), "wrong-direction");
  assert.equal(refusal(room.post("whep", buildOffer([CAMERA]))), "wrong-direction");
  assert.equal(
    refusal(room.post("whip", buildOffer([CAMERA, { ...MICROPHONE, direction: "inactive" }]))),
    "wrong-direction",
  );
  assert.equal(refusal(room.post("whip", buildOffer([{ ...CAMERA, port: 0 }]))), "wrong-direction");
  assert.equal(refusal(room.post("whip", "v=0")), "bad-sdp");
  assert.equal(room.openMedia, 0);
});

test("P52: of an offer of which one m-line cannot be published nothing is left", () => {
  const room = new SignalingRoom(4);
  const watching = room.join();
  const h264: OfferLine = { ...CAMERA, codecs: [["H264/90000", 102]] };
  const client = room.post("whip", buildOffer([h264, MICROPHONE]));
  assert.equal(refusal(client), "codec-unsupported");
  assert.deepEqual(client.told, [], "it never was");
  assert.equal(room.openMedia, 1);
  assert.deepEqual(watching.take(), [], "nobody heard of it");
  const many = Array.from({ length: 33 }, (_, index): OfferLine => ({ ...PLAY[0], mid: String(index) }));
  assert.equal(refusal(room.post("whep", buildOffer(many))), "too-many-tracks");
  assert.ok(room.post("whep", buildOffer(many.slice(1))).result.ok);
  const player = room.post("whep", buildOffer([{ ...PLAY[0], codecs: [["H264/90000", 102]] }]));
  assert.equal(refusal(player), "codec-unsupported");
});

test("P53: a publisher is named by its peer id or its name", () => {
  const room = new SignalingRoom(5);
  const [ada, ben] = [publisher(room, "Ada"), publisher(room, "Ben")];
  const viewers = ["Ben", opened(ben).session.participant.peer.id].map((publisher) => viewer(room, { publisher }));
  sendPicture(ada, 1);
  for (const to of viewers) assert.equal(received(to).length, 0);
  sendPicture(ben, 1);
  for (const to of viewers) assert.equal(received(to).length, 1);
});

test("P54: who plays before anyone publishes is answered, then sees one publisher after the other as one stream", () => {
  const room = new SignalingRoom(6);
  const to = viewer(room);
  assert.deepEqual(directions(opened(to).answer), ["sendonly", "sendonly"]);
  const announced = Number(/^a=ssrc:(\d+)/m.exec(opened(to).answer)?.[1]);
  const seen: number[] = [];
  for (const name of ["first", "second", "third"]) {
    const from = publisher(room, name);
    room.handleTimeout();
    for (const number of [100, 101, 102]) sendPicture(from, number);
    const packets = received(to);
    assert.deepEqual(packets.map(({ ssrc }) => ssrc), [announced, announced, announced], name);
    seen.push(...packets.map(({ sequenceNumber }) => sequenceNumber));
    opened(from).session.leave();
    room.nowMs += 1000;
  }
  assert.deepEqual(seen, seen.map((_, index) => (seen[0] + index) & 0xffff), "without a gap");
});

test("P55: candidates of the present generation are taken; without If-Match, or with another, they are refused", () => {
  const { session } = opened(publisher(new SignalingRoom(7)));
  assert.deepEqual(session.patch(TRICKLE, session.etag), { ok: true, restarted: false });
  assert.deepEqual(session.patch("a=mid:0\r\na=end-of-candidates", `"other", ${session.etag}`), {
    ok: true,
    restarted: false,
  });
  const code = (text: string, ifMatch: string | undefined) => {
    const result = session.patch(text, ifMatch);
    return result.ok ? "ok" : result.code;
  };
  assert.equal(code(TRICKLE, undefined), "etag-required");
  assert.equal(code(TRICKLE, '"other"'), "etag-mismatch");
  assert.equal(code("{}", session.etag), "bad-fragment");
  assert.equal(code(TRICKLE, "*"), "ok", "some clients trickle so");
});

test("P56: other credentials with If-Match: * restart ICE, and media goes on before and after the new checks", () => {
  const room = new SignalingRoom(8);
  const [from, to] = [publisher(room), viewer(room)];
  const { session } = opened(from);
  const before = session.etag;
  const wrong = session.patch(RESTART, before);
  assert.equal(wrong.ok ? "" : wrong.code, "wrong-generation");
  const result = session.patch(RESTART, "*");
  assert.ok(result.ok && result.restarted);
  assert.notEqual(result.etag, before);
  assert.deepEqual(session.patch(RESTART, "*"), result, "asked again, as where the answer was lost, it says the same");
  assert.match(result.fragment, /^a=candidate:1 1 udp 2130706431 192\.0\.2\.9 5000 typ host\r$/m);
  sendPicture(from, 1);
  assert.equal(received(to).length, 1);
  from.client.address = { hostname: "192.0.2.77", port: 4000 };
  from.client.check(credentialsOf(result.fragment));
  assert.equal(session.participant.remoteAddress?.hostname, "192.0.2.77");
  sendPicture(from, 2);
  assert.equal(received(to).length, 1);
  assert.equal(session.patch(TRICKLE, before).ok, false, "the first generation is over");
  assert.deepEqual(session.patch(RESTART, "*"), { ok: true, restarted: false }, "the restart is done");
});

test("P57: a session ends at once when it is deleted, and where its transport ends", () => {
  const room = new SignalingRoom(9);
  const watching = room.join();
  const from = publisher(room);
  watching.take();
  opened(from).session.leave();
  assert.deepEqual(codes(watching.take()), ["peerLeft"]);
  assert.equal(room.openMedia, 1);

  const silent = room.post("whip", buildOffer([CAMERA]));
  room.nowMs += 30_000;
  silent.media?.handleTimeout(room.nowMs);
  assert.deepEqual(silent.told, ["joined", "left: transport-failed"]);
});

test("P50: ids of sessions are of 32 URL-safe characters, and not those of peers", () => {
  const { session } = opened(publisher(new SignalingRoom(10)));
  assert.match(session.id, /^[A-Za-z0-9_-]{32}$/);
  assert.ok(!session.id.includes(session.participant.peer.id));
});

test("P56: a restart names the m-line that carries the candidates in the answer, where the first one was rejected", () => {
  const room = new SignalingRoom(11);
  const { session, answer } = opened(room.post("whip", buildOffer([{ ...MICROPHONE, port: 0 }, CAMERA])));
  const carrying = answer.split(/^(?=m=)/m).find((section) => section.includes("a=candidate:")) ?? "";
  assert.match(carrying, /^a=mid:0\r$/m);
  const result = session.patch(RESTART, "*");
  assert.ok(result.ok && result.restarted);
  assert.match(result.fragment, /^a=mid:0\r$/m);
});
