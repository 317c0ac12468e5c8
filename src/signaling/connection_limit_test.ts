import assert from "node:assert/strict";
import { ConnectionLimit, MAX_WAITING, MAX_WAITING_PER_NETWORK } from "./connection_limit.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const ADDRESS = "192.0.2.1";

interface Connection {
  readonly id: number;
}

function setUp(limits: Partial<Limits>) {
  const limit = new ConnectionLimit<Connection>({ ...DEFAULT_LIMITS, ...limits });
  let count = 0;
  const open = (address = ADDRESS, nowMs = 0) => {
    const connection = { id: count++ };
    return { connection, oldest: limit.open(connection, address, nowMs) };
  };
  return { limit, open };
}

test("P100: the server has so many WebSockets open, and takes another one when one has ended", () => {
  const { limit, open } = setUp({ maxConnections: 2 });
  const [first] = [open("192.0.2.1"), open("127.0.0.1")];
  assert.deepEqual(limit.refuse("192.0.2.9"), {
    code: "too-many-connections",
    message: "the server has no place for another WebSocket: 2 are allowed",
    isOfNetwork: false,
    retryAfterSeconds: 5,
  });
  assert.equal(limit.refuse("127.0.0.1")?.isOfNetwork, false);
  limit.close(first.connection);
  assert.equal(limit.refuse("192.0.2.9"), undefined);
  assert.equal(limit.size, 1);
});

test("P100: a network has so many of them, joined or not, others and this machine have theirs", () => {
  const { limit, open } = setUp({ maxConnectionsPerAddress: 2 });
  const first = open("2001:db8::1");
  limit.joined(first.connection);
  open("2001:db8::2");
  assert.equal(limit.refuse("2001:db8::3")?.isOfNetwork, true);
  assert.equal(limit.refuse("2001:db8:0:1::3"), undefined);
  for (let n = 0; n < 3; n++) open("127.0.0.1");
  assert.equal(limit.refuse("127.0.0.1"), undefined);
  limit.close(first.connection);
  limit.close(first.connection);
  assert.equal(limit.refuse("2001:db8::3"), undefined);
});

test("P100: of one network 256 have not joined; who joins makes room", () => {
  const { limit, open } = setUp({});
  const [first] = Array.from({ length: MAX_WAITING_PER_NETWORK }, () => open());
  assert.match(limit.refuse(ADDRESS)?.message ?? "", /have not joined yet$/);
  assert.equal(limit.refuse("192.0.2.2"), undefined);
  limit.joined(first.connection);
  limit.joined(first.connection);
  assert.equal(limit.refuse(ADDRESS), undefined);
  open();
  assert.notEqual(limit.refuse(ADDRESS), undefined);
});

test("P100: of all that have not joined the oldest gives way, once, and those that have joined never do", () => {
  const { limit, open } = setUp({});
  const first = open();
  limit.joined(first.connection);
  const second = open("192.0.2.2");
  for (let n = 1; n < MAX_WAITING; n++) assert.equal(open(`10.0.${n >> 8}.${n & 255}`).oldest, undefined);
  assert.equal(open().oldest, second.connection);
  assert.notEqual(open().oldest, second.connection);
  assert.equal(limit.refuse("192.0.2.2"), undefined);
});

test("P102: who has not joined by the deadline is told, in order and once; who has joined or ended is not", () => {
  const { limit, open } = setUp({ joinTimeout: 10 });
  assert.equal(limit.nextTimeout(), Infinity);
  const [first, second, third, fourth] = [0, 1, 2, 3].map((n) => open(ADDRESS, n * 1000).connection);
  limit.joined(second);
  limit.close(third);
  assert.deepEqual([limit.nextTimeout(), limit.takeLate(9_999)], [10_000, []]);
  assert.deepEqual(limit.takeLate(10_000), [first]);
  assert.deepEqual([limit.nextTimeout(), limit.waiting], [13_000, [fourth]]);
  assert.deepEqual(limit.takeLate(20_000), [fourth]);
  assert.deepEqual([limit.nextTimeout(), limit.takeLate(99_000), limit.size], [Infinity, [], 3]);
  const unlimited = setUp({ joinTimeout: Infinity });
  unlimited.open();
  assert.equal(unlimited.limit.nextTimeout(), Infinity);
});

test("P101: a network asks so often in a minute, and is told when it may again", () => {
  const { limit } = setUp({ requestsPerMinute: 2 });
  assert.deepEqual([limit.refuseRequest(ADDRESS, 0), limit.refuseRequest(ADDRESS, 0)], [undefined, undefined]);
  assert.deepEqual(limit.refuseRequest(ADDRESS, 500), {
    code: "too-many-requests",
    message: "more than 2 requests a minute from this network; again in 30 s",
    isOfNetwork: true,
    retryAfterSeconds: 30,
  });
  assert.equal(limit.refuseRequest("192.0.2.2", 500), undefined);
  assert.equal(limit.refuseRequest(ADDRESS, 30_500), undefined);
});
