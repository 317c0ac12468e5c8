import assert from "node:assert/strict";
import { VirtualClock } from "../../../tests/harness/virtual_clock.ts";
import type { RoomEvent, RoomEventListener } from "../../signaling/room_events.ts";
import { EventStreams, HEARTBEAT_MS, type Listener, MAX_LISTENERS } from "./event_streams.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const ALL: Listener = { hears: () => true, isAllowed: () => Promise.resolve(true), lastId: undefined };
const started = (roomId: string): RoomEvent => ({ type: "roomStarted", roomId });

function setUp() {
  const clock = new VirtualClock();
  let tell: RoomEventListener = () => {};
  const streams = new EventStreams({
    subscribe: (listener) => {
      tell = listener;
      return () => void (tell = () => {});
    },
    clock,
    time: () => "2030-01-01T00:00:00.000Z",
    run: "run",
  });
  const listen = (listener: Partial<Listener> = {}) => {
    const reader = streams.open({ ...ALL, ...listener })?.getReader();
    assert.ok(reader);
    return { reader, read: async () => new TextDecoder().decode((await reader.read()).value) };
  };
  return { clock, streams, listen, tell: (event: RoomEvent) => tell(event) };
}

test("B495: an event has an id, its type as its name, and its time in its data", async () => {
  const { tell, listen } = setUp();
  tell(started("before"));
  const { read } = listen();
  await read();
  tell(started("blue"));
  assert.equal(
    await read(),
    'id: run-2\nevent: roomStarted\ndata: {"type":"roomStarted","roomId":"blue","time":"2030-01-01T00:00:00.000Z"}\n\n',
  );
});

test("B495: a listener hears of its rooms alone", async () => {
  const { tell, listen } = setUp();
  const { read } = listen({ hears: (roomId) => roomId === "blue" });
  await read();
  tell(started("red"));
  tell(started("blue"));
  assert.match(await read(), /"roomId":"blue"/);
});

test("B495: who comes back is told that it may have missed events, unless it had the newest one", async () => {
  const { tell, listen } = setUp();
  tell(started("blue"));
  const upToDate = listen({ lastId: "run-1" });
  await upToDate.read();
  tell(started("red"));
  assert.match(await upToDate.read(), /^id: run-2\n/);
  for (const lastId of ["run-1", "another-2"]) {
    const { read } = listen({ lastId });
    await read();
    assert.equal(await read(), "event: lost\ndata: {}\n\n");
  }
});

test("B495: a heartbeat comes every 15 s, and ends who may not listen any more; without listeners no timer is left", async () => {
  const { clock, streams, listen } = setUp();
  let isAllowed = true;
  const { read } = listen({ isAllowed: () => Promise.resolve(isAllowed) });
  const other = listen();
  await Promise.all([read(), other.read()]);
  const [next, nextOfOther] = [read(), other.read()];
  clock.advance(HEARTBEAT_MS);
  assert.deepEqual(await Promise.all([next, nextOfOther]), [":\n\n", ":\n\n"]);
  isAllowed = false;
  clock.advance(HEARTBEAT_MS);
  assert.equal(await read(), "");
  assert.equal(streams.size, 1);
  await other.reader.cancel();
  assert.deepEqual([streams.size, clock.pendingCount], [0, 0]);
});

test("B495: there are 64 listeners at most, and the end of the server ends them", async () => {
  const { clock, streams, listen, tell } = setUp();
  const listeners = Array.from({ length: MAX_LISTENERS }, () => listen());
  assert.equal(streams.open(ALL), undefined);
  await listeners[0].reader.cancel();
  listen();
  streams.close();
  tell(started("blue"));
  await listeners[1].read();
  assert.equal((await listeners[1].reader.read()).done, true);
  assert.deepEqual([streams.size, streams.isClosed, clock.pendingCount], [0, true, 0]);
});
