import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import type { SignalingConnection } from "../signaling/connection.ts";
import { DEFAULT_LIMITS, type Limits } from "../signaling/limits.ts";
import { OpenConnections } from "./open_connections.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

function setUp(limits: Partial<Limits> = {}) {
  const clock = new VirtualClock();
  const refused: string[] = [];
  const connections = new OpenConnections({
    limits: { ...DEFAULT_LIMITS, ...limits },
    clock,
    refused: (code) => void refused.push(code),
  });
  const open = (address = "192.0.2.1") => {
    const told: string[] = [];
    const dismissed: string[] = [];
    let inner: SignalingConnection | undefined;
    const connect = connections.counted(address, (connection) => {
      inner = connection;
      return {
        handleMessage: (data) => told.push(`message ${data}`),
        handleClose: (code, wasClean) => told.push(`closed ${code} ${wasClean}`),
        handleDismissal: (code) => dismissed.push(code),
      };
    });
    const endpoint = connect({
      send: (text) => told.push(`send ${JSON.parse(text).code ?? text}`),
      close: (code, reason) => told.push(`close ${code} ${reason}`),
    });
    assert.ok(inner);
    return { told, dismissed, endpoint, connection: inner };
  };
  return { clock, refused, connections, open };
}

test("P102: a WebSocket that has not joined in time is told and closed with 4408; one that has joined stays", () => {
  const { clock, refused, open } = setUp({ joinTimeout: 10 });
  const late = open();
  clock.advance(5_000);
  const [joined, gone, next] = [open(), open(), open()];
  joined.connection.joined?.();
  gone.endpoint.handleClose(1000, true);
  clock.advance(4_999);
  assert.deepEqual(late.told, []);
  clock.advance(1);
  assert.deepEqual(late.told, ["send join-timeout", "close 4408 join-timeout"]);
  assert.deepEqual(next.told, []);
  late.endpoint.handleClose(4408, true);
  clock.advance(5_000);
  assert.deepEqual(next.told, ["send join-timeout", "close 4408 join-timeout"]);
  clock.advance(60_000);
  assert.deepEqual([joined.told, gone.told], [[], ["closed 1000 true"]]);
  assert.deepEqual([late, joined, gone].map(({ dismissed }) => dismissed), [["join-timeout"], [], []]);
  assert.deepEqual(refused, ["join-timeout", "join-timeout"]);
});

test("P100: what passes between a WebSocket and its session is untouched, and no timer is left behind it", () => {
  const { clock, connections, open } = setUp({ maxConnectionsPerAddress: 1 });
  const { told, endpoint, connection } = open();
  assert.equal(connections.refuseHandshake("192.0.2.1")?.code, "too-many-connections");
  endpoint.handleMessage("a");
  endpoint.handleMessage(undefined);
  connection.send('"b"');
  connection.close(1008, "c");
  endpoint.handleClose(1008, true);
  assert.deepEqual(told, ["message a", "message undefined", 'send "b"', "close 1008 c", "closed 1008 true"]);
  assert.equal(connections.refuseHandshake("192.0.2.1"), undefined);
  assert.equal(clock.pendingCount, 0);
});

test("P16: at the end those that have not joined are told, be there a session behind them or not", () => {
  const { clock, refused, connections, open } = setUp();
  const [joined, waiting] = [open(), open()];
  joined.connection.joined?.();
  connections.close();
  assert.deepEqual(waiting.told, ["send server-closing", "close 1001 server-closing"]);
  assert.deepEqual(joined.told, []);
  assert.deepEqual(refused, ["server-closing"]);
  assert.equal(clock.pendingCount, 0);
});

test("P101: handshakes are requests like others", () => {
  const { connections } = setUp({ requestsPerMinute: 2 });
  assert.equal(connections.refuseHandshake("192.0.2.1"), undefined);
  assert.equal(connections.refuseRequest("192.0.2.1"), undefined);
  assert.equal(connections.refuseHandshake("192.0.2.1")?.code, "too-many-requests");
});
