/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A media worker that a datagram to one of its peers' ports ends, or has go on no more (see strike.ts). */
import "../../src/io/native/media_worker.ts";
import { MediaPeer } from "../../src/media/media_peer.ts";
import { FATAL, HANGING } from "./strike.ts";
import { withoutStack } from "./worker_fault.ts";

const { handleDatagram } = MediaPeer.prototype;
const decoder = new TextDecoder();

MediaPeer.prototype.handleDatagram = function (bytes, length, from, nowMs) {
  const text = length > FATAL.length ? "" : decoder.decode(bytes.subarray(0, length));
  if (text === FATAL) throw withoutStack("the worker was struck");
  let isHanging = text === HANGING;
  // Until somebody ends it: no call of the system is in it.
  while (isHanging) isHanging = nowMs > -1;
  handleDatagram.call(this, bytes, length, from, nowMs);
};
