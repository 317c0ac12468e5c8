import assert from "node:assert/strict";
import { openDescriptors, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { FlushList } from "./flush_list.ts";
import type { Libc } from "./libc.ts";
import { type LoopSocket, SocketLoop } from "./loop.ts";
import { Poller } from "./poller.ts";

const { ignore, permissions } = WITH_LIBC;

/** An eventfd(2) in the place of a socket: 8 bytes written to it wait to be read, and it always takes more. */
class EventSocket implements LoopSocket {
  readonly fd: number;
  readonly #libc: Libc;
  readonly #log: string[];
  readonly #value = new Uint8Array(new ArrayBuffer(8));
  /** Done when it receives. */
  whenReceived: () => void = () => {};

  constructor(libc: Libc, log: string[]) {
    this.#libc = libc;
    this.#log = log;
    this.fd = libc.call.eventfd(0, 0x80800);
  }

  /** Gives it something to receive. */
  write(): void {
    this.#value.fill(0)[0] = 1;
    this.#libc.call.write(this.fd, this.#value, 8n);
  }

  receive(): void {
    this.#libc.call.read(this.fd, this.#value, 8n);
    this.#log.push("receive");
    this.whenReceived();
  }

  resume(): void {
    this.#log.push("resume");
  }
}

interface Fixture {
  readonly loop: SocketLoop;
  readonly poller: Poller;
  /** What was done, in its order. */
  readonly log: string[];
  open(): EventSocket;
  /** Queues something that the next flush sends. */
  queue(): void;
}

/** A loop that the test drives, or one that runs by itself. */
async function withLoop(isDriven: boolean, check: (fixture: Fixture) => Promise<void> | void): Promise<void> {
  const libc = testLibc();
  const before = openDescriptors();
  const poller = new Poller(libc);
  const flushList = new FlushList();
  const loop = new SocketLoop(poller, flushList, isDriven);
  const log: string[] = [];
  const sockets: EventSocket[] = [];
  await check({
    loop,
    poller,
    log,
    open() {
      const socket = new EventSocket(libc, log);
      sockets.push(socket);
      return socket;
    },
    queue: () => flushList.add({ isListed: false, send: () => log.push("send") }),
  });
  await loop.ended();
  for (const { fd } of sockets) libc.call.close(fd);
  poller.close();
  assert.deepEqual(openDescriptors(), before);
  libc.close();
}

Deno.test({
  name:
    "B162: a loop that is driven does nothing by itself; what its owner's poll reports is received, then flushed once",
  ignore,
  permissions,
  fn: () =>
    withLoop(true, async ({ loop, poller, log, open, queue }) => {
      const [one, two] = [open(), open()];
      for (const socket of [one, two]) {
        socket.whenReceived = () => {
          queue();
          loop.flush();
        };
        loop.add(socket);
        socket.write();
      }
      // Where it ran by itself this would be its turn.
      await new Promise((resolve) => setTimeout(resolve, 0));
      assert.deepEqual(log, []);
      loop.handleEvents(poller.poll(-1));
      assert.deepEqual(log, ["receive", "receive", "send", "send"]);
      loop.handleEvents(poller.poll(0));
      assert.equal(log.length, 4);
    }),
});

Deno.test({
  name: "outside a round a flush sends at once, and a round without an event sends what is queued",
  ignore,
  permissions,
  fn: () =>
    withLoop(true, ({ loop, log, queue }) => {
      queue();
      loop.flush();
      assert.deepEqual(log, ["send"]);
      queue();
      loop.handleEvents(0);
      assert.deepEqual(log, ["send", "send"]);
    }),
});

Deno.test({
  name: "a socket that is removed in the middle of a round takes nothing more, though its event was reported",
  ignore,
  permissions,
  fn: () =>
    withLoop(true, ({ loop, poller, log, open }) => {
      const sockets = [open(), open()];
      for (const [i, socket] of sockets.entries()) {
        socket.whenReceived = () => loop.remove(sockets[1 - i]);
        loop.add(socket);
        socket.write();
      }
      assert.equal(poller.poll(-1), 2);
      loop.handleEvents(2);
      assert.deepEqual(log, ["receive"]);
      assert.equal(loop.round(0), 0, "and it is not watched");
    }),
});

Deno.test({
  name: "B152: a socket that waits to send is told once that it can",
  ignore,
  permissions,
  fn: () =>
    withLoop(true, ({ loop, log, open }) => {
      const socket = open();
      loop.add(socket);
      assert.equal(loop.round(0), 0);
      loop.awaitWritable(socket.fd);
      assert.equal(loop.round(-1), 1);
      assert.equal(loop.round(0), 0);
      assert.deepEqual(log, ["resume"]);
    }),
});

Deno.test({
  name: "B162: who waits in a poll for as long as it takes is woken by a write from outside, once",
  ignore,
  permissions,
  fn: () =>
    withLoop(true, ({ loop, poller, log }) => {
      poller.wake();
      poller.wake();
      assert.equal(loop.round(-1), 1);
      assert.equal(loop.round(0), 0);
      assert.deepEqual(log, []);
    }),
});

Deno.test({
  name: "B157: a loop that is not driven runs from its first socket to its last, and lets the event loop go on",
  ignore,
  permissions,
  fn: () =>
    withLoop(false, async ({ loop, log, open }) => {
      for (let i = 0; i < 3; i++) {
        const socket = open();
        const received = new Promise<void>((resolve) => socket.whenReceived = resolve);
        loop.add(socket);
        socket.write();
        await received;
        loop.remove(socket);
        await loop.ended();
      }
      assert.deepEqual(log, ["receive", "receive", "receive"]);
    }),
});

Deno.test({
  name: "a socket that cannot be watched is refused, and does not count",
  ignore,
  permissions,
  fn: () =>
    withLoop(false, async ({ loop }) => {
      const unknown: LoopSocket = { fd: 9999, receive() {}, resume() {} };
      assert.throws(() => loop.add(unknown), { name: "SocketError", message: /EBADF|error 9/ });
      await loop.ended();
    }),
});
