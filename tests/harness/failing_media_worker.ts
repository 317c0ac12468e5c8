/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A media worker with one fault: that a track with the id of FATAL_TRACK is published ends it, not the peer alone. */
import "../../src/io/native/media_worker.ts";
import { MediaEngine } from "../../src/media/media_engine.ts";
import { FATAL_TRACK } from "./fatal_track.ts";
import { withoutStack } from "./worker_fault.ts";

const { handleCommand } = MediaEngine.prototype;

MediaEngine.prototype.handleCommand = function (peer, command, nowMs) {
  if (command.type === "publish" && command.trackId === FATAL_TRACK) throw withoutStack("the worker's fault");
  handleCommand.call(this, peer, command, nowMs);
};
