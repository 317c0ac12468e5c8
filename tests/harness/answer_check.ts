import assert from "node:assert/strict";
import { parse } from "sdp-transform";
import type { Answered, AnsweredLine } from "./negotiation.ts";

/** An m-line of an offer, as sdp-transform reads it. */
type OfferedLine = AnsweredLine & { readonly bundleOnly?: string };

/** Directions that an answer may give to an offered one (RFC 3264 section 6.1). */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  sendrecv: ["sendrecv", "sendonly", "recvonly", "inactive"],
  sendonly: ["recvonly", "inactive"],
  recvonly: ["sendonly", "inactive"],
  inactive: ["inactive"],
};

/** Fails where `answered` is no answer that a browser takes to its own offer (RFC 9429 section 5.3, RFC 8843 section 7.3). */
export function assertAnswers(offer: string, answered: Answered): void {
  const offered: { readonly media: readonly OfferedLine[] } & Omit<Answered, "media"> = parse(offer);
  assert.equal(answered.icelite, "ice-lite");
  assert.equal(answered.media.length, offered.media.length, "m-lines");
  for (const [index, line] of answered.media.entries()) assertAnswersLine(offered.media[index], line);
  assertBundled(offered, answered);
}

function assertAnswersLine(offered: OfferedLine, line: AnsweredLine): void {
  const where = `m-line ${offered.mid}`;
  assert.deepEqual([line.type, String(line.mid)], [offered.type, String(offered.mid)], where);
  const stopped = offered.port === 0 && offered.bundleOnly === undefined;
  assert.equal(line.port === 0, stopped || !isMedia(offered), `${where}: rejected`);
  if (line.port === 0) return;
  assert.deepEqual([line.setup, line.rtcpMux], ["passive", "rtcp-mux"], where);
  assert.equal(line.rtcpRsize, offered.rtcpRsize, where);
  assert.ok(line.iceUfrag, where);
  assert.ok(ANSWERS[offered.direction].includes(line.direction), `${where}: ${line.direction} to ${offered.direction}`);
  assertCodecs(offered, line, where);
  assertFeedback(offered, line, where);
  for (const { value, uri } of line.ext ?? []) {
    const same = offered.ext?.some((extension) => extension.value === value && extension.uri === uri);
    assert.ok(same, `${where}: header extension ${value} ${uri}`);
  }
  assert.equal(line.ssrcs !== undefined, line.direction === "sendonly" || line.direction === "sendrecv", where);
}

/** Each payload type is what it is in the offer, and RTX goes with the codec that it repairs. */
function assertCodecs(offered: OfferedLine, line: AnsweredLine, where: string): void {
  const payloadTypes = String(line.payloads).split(" ").map(Number);
  assert.deepEqual(line.rtp.map(({ payload }) => payload).toSorted(), payloadTypes.toSorted(), where);
  for (const rtpmap of line.rtp) {
    const { payload, codec, rate } = rtpmap;
    const same = offered.rtp.find((one) => one.payload === payload);
    assert.deepEqual([codec.toLowerCase(), rate], [same?.codec.toLowerCase(), same?.rate], `${where}: ${payload}`);
    assert.equal(formatOf(line, payload), formatOf(offered, payload), `${where}: ${payload}`);
    const rtx = offered.fmtp.find(({ config }) => config === `apt=${payload}`);
    if (rtx !== undefined) assert.ok(payloadTypes.includes(rtx.payload), `${where}: RTX of ${payload}`);
  }
}

function assertFeedback(offered: OfferedLine, line: AnsweredLine, where: string): void {
  for (const { payload, type, subtype } of line.rtcpFb ?? []) {
    const same = offered.rtcpFb?.some((one) =>
      (one.payload === payload || String(one.payload) === "*") && one.type === type && one.subtype === subtype
    );
    assert.ok(same, `${where}: feedback ${payload} ${type} ${subtype ?? ""}`);
  }
  const wanted = ["nack", "pli"].every((word) =>
    offered.rtcpFb?.some(({ type, subtype }) => [type, subtype].includes(word))
  );
  if (wanted && line.type === "video") {
    assert.ok(line.rtcpFb?.some(({ subtype }) => subtype === "pli"), `${where}: PLI`);
  }
}

/** All that is accepted is bundled where the offer bundles it, and the first of the group has the candidates. */
function assertBundled(offered: Pick<Answered, "groups">, answered: Answered): void {
  const accepted = answered.media.filter(({ port }) => port !== 0).map(({ mid }) => String(mid));
  const expected = bundleOf(offered).filter((mid) => accepted.includes(mid));
  assert.deepEqual(bundleOf(answered), expected);
  const tag = expected.at(0) ?? accepted.at(0);
  for (const { mid, candidates, endOfCandidates } of answered.media) {
    assert.equal(candidates !== undefined, String(mid) === tag, `m-line ${mid}: candidates`);
    assert.equal(endOfCandidates !== undefined, String(mid) === tag, `m-line ${mid}: end of candidates`);
  }
}

function bundleOf({ groups }: Pick<Answered, "groups">): string[] {
  const mids = groups?.find(({ type }) => type === "BUNDLE")?.mids;
  return mids === undefined ? [] : String(mids).split(" ");
}

function isMedia({ type }: OfferedLine): boolean {
  return type === "audio" || type === "video";
}

function formatOf({ fmtp }: AnsweredLine, payloadType: number): string | undefined {
  return fmtp.find(({ payload }) => payload === payloadType)?.config;
}
