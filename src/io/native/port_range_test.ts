import assert from "node:assert/strict";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { NoFreePortError } from "./errors.ts";
import { PortRange } from "./port_range.ts";

Deno.test({
  name: "B155: each search begins at another port",
  permissions: "none",
  fn() {
    const range = new PortRange({ min: 40_000, max: 49_999 }, seededRandom(1));
    const ports = Array.from({ length: 20 }, () => range.take(() => true));
    assert.ok(ports.every((port) => port >= 40_000 && port <= 49_999));
    assert.ok(new Set(ports.map((port) => Math.floor(port / 1000))).size > 4, `${ports}`);
  },
});

Deno.test({
  name: "B155: ports of other programs are left out, and where all are in use an error tells so",
  permissions: "none",
  fn() {
    const range = new PortRange({ min: 7, max: 10 }, seededRandom(1));
    const tried: number[] = [];
    const bind = (port: number) => {
      tried.push(port);
      return port !== 9;
    };
    assert.deepEqual([range.take(bind), range.take(bind), range.take(bind)].sort(), [10, 7, 8]);
    assert.throws(() => range.take(bind), new NoFreePortError("each UDP port from 7 to 10 is in use"));
    tried.length = 0;
    range.release(8);
    assert.equal(range.take(bind), 8);
    assert.ok(tried.every((port) => port === 8 || port === 9), "its own ports are not tried again");
  },
});

Deno.test({
  name: "B155: a range of one port has one",
  permissions: "none",
  fn() {
    const range = new PortRange({ min: 5000, max: 5000 }, seededRandom(1));
    assert.equal(range.take(() => true), 5000);
    assert.throws(() => range.take(() => true), NoFreePortError);
  },
});
