/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/**
 * A media worker with two faults: that a track with the id of FATAL_TRACK is published ends it, not the peer alone, and at
 * one with that of HANGING_TRACK it goes on no more.
 */
import "../../src/io/native/media_worker.ts";
import { MediaEngine } from "../../src/media/media_engine.ts";
import { FATAL_TRACK, HANGING_TRACK } from "./fatal_track.ts";
import { withoutStack } from "./worker_fault.ts";

const { handleCommand } = MediaEngine.prototype;

MediaEngine.prototype.handleCommand = function (peer, command, nowMs) {
  if (command.type === "publish" && command.trackId === FATAL_TRACK) throw withoutStack("the worker's fault");
  let isHanging = command.type === "publish" && command.trackId === HANGING_TRACK;
  // Until somebody ends it: no call of the system is in it.
  while (isHanging) isHanging = nowMs > -1;
  handleCommand.call(this, peer, command, nowMs);
};
