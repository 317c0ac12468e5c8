import assert from "node:assert/strict";
import { EventQueue, MAX_QUEUED } from "./event_queue.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

function open() {
  let ends = 0;
  const queue = new EventQueue(() => void ends++);
  const reader = queue.body.getReader();
  const read = async () => new TextDecoder().decode((await reader.read()).value);
  return { queue, reader, read, ends: () => ends };
}

test("B495: a listener is told all, in order, at its own pace", async () => {
  const { queue, read } = open();
  queue.begin();
  queue.add("a");
  assert.match(await read(), /^retry: \d+\n\n$/);
  assert.equal(await read(), "a");
  const next = read();
  queue.add("b");
  assert.equal(await next, "b");
});

test("B495: a slow listener is told how many events it lost, behind those that had room and before those that follow", async () => {
  const { queue, read } = open();
  for (let i = 0; i < MAX_QUEUED + 3; i++) queue.add(`${i}`);
  for (let i = 0; i < MAX_QUEUED; i++) assert.equal(await read(), `${i}`);
  queue.add("lost as well");
  assert.equal(await read(), 'event: lost\ndata: {"count":4}\n\n');
  const next = read();
  queue.add("again");
  assert.equal(await next, "again");
});

test("B495: a heartbeat comes where the listener waits, and not between events", async () => {
  const { queue, read } = open();
  queue.beat();
  queue.add("a");
  assert.equal(await read(), "a");
  const next = read();
  queue.beat();
  assert.equal(await next, ":\n\n");
});

test("B495: whoever ends a stream, the end is told once and nothing is sent afterwards", async () => {
  const closed = open();
  closed.queue.close();
  closed.queue.close();
  closed.queue.beat();
  assert.equal((await closed.reader.read()).done, true);
  assert.equal(closed.ends(), 1);

  const cancelled = open();
  const pending = cancelled.reader.read();
  await cancelled.reader.cancel();
  assert.equal((await pending).done, true);
  cancelled.queue.add("a");
  cancelled.queue.beat();
  cancelled.queue.close();
  assert.equal(cancelled.ends(), 1);
});
