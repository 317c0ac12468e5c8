import assert from "node:assert/strict";
import { sendFrame, textOf } from "../../tests/harness/bus_journal.ts";
import { RecordingBus } from "../../tests/harness/recording_bus.ts";
import { type FallbackBus, type PartialBus, PreferredBus } from "./preferred_bus.ts";

const ROOM = "room";

class Recording extends RecordingBus implements PartialBus, FallbackBus {
  reached = 0;
  takes = true;
  flushes = 0;
  readonly passed: number[] = [];

  passOver(to: number): void {
    this.passed.push(to);
  }

  override send(...frame: Parameters<RecordingBus["send"]>): boolean {
    super.send(...frame);
    this.counters.framesSent++;
    return this.takes;
  }

  override flush(): void {
    this.flushes++;
  }
}

function told(bus: Recording): string[] {
  return bus.take().map(({ to, bytes }) => `${textOf(bytes)} to ${to.toString(2)}`);
}

Deno.test({
  name: "B446: a frame goes to each node by the way that reaches it, and by the broker to who is reached by no other",
  permissions: "none",
  fn() {
    const [direct, broker] = [new Recording(), new Recording()];
    const bus = new PreferredBus(direct, broker);
    sendFrame(bus, ROOM, 0b110, "none");
    direct.reached = 0b1010;
    sendFrame(bus, ROOM, 0b110, "both");
    sendFrame(bus, ROOM, 0b1010, "all");
    assert.deepEqual([told(direct), told(broker)], [["both to 10", "all to 1010"], ["none to 110", "both to 100"]]);
    assert.deepEqual([direct.passed, broker.passed], [[], [0b10, 0b1010]], "what the broker does not carry it knows");
    assert.equal(bus.counters.framesSent, 4);
    bus.flush();
    assert.deepEqual([direct.flushes, broker.flushes], [1, 1]);
    broker.takes = false;
    assert.deepEqual([sendFrame(bus, ROOM, 0b110, "x"), sendFrame(bus, ROOM, 0b10, "x")], [false, true]);
    direct.takes = false;
    assert.equal(sendFrame(bus, ROOM, 0b10, "x"), false);
  },
});
