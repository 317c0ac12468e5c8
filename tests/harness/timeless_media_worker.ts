/// <reference no-default-lib="true" />
/// <reference lib="deno.worker" />
/** A media worker that fails in its start, when it has its descriptors and its owner knows none of them. */
import "../../src/io/native/media_worker.ts";
import { systemClock } from "../../src/io/clock.ts";
import { withoutStack } from "./worker_fault.ts";

systemClock.now = () => {
  throw withoutStack("no time");
};
