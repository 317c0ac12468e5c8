import assert from "node:assert/strict";
import { answeringSends, type SendCall, testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { ChunkPool } from "./chunk_pool.ts";
import { EAGAIN, EINTR } from "./errors.ts";
import { FlushList, SEND_EARLY } from "./flush_list.ts";
import { SendBatch } from "./send_batch.ts";
import { SendQueue } from "./send_queue.ts";
import { AF_INET, parseSocketAddress, type SocketAddress } from "./socket_address.ts";

const EIO = 5;
const EPERM = 1;
const EINVAL = 22;
const EMSGSIZE = 90;
const EOPNOTSUPP = 95;
const ENETUNREACH = 101;
const CAPACITY = 512;

interface Fixture {
  readonly queue: SendQueue;
  readonly another: SendQueue;
  open(): SendQueue;
  readonly flushList: FlushList;
  readonly pool: ChunkPool;
  readonly drops: string[];
  /** What the kernel was given: for each call the datagrams of each message. */
  readonly calls: number[][];
  blocked: number;
  /** How many messages the kernel takes, or a negative error number. */
  answer: (call: SendCall) => number;
  address(port: number): SocketAddress;
}

/** Two queues whose kernel is the test's: it takes everything until `answer` says otherwise. */
function withQueue(check: (fixture: Fixture) => void, { segmentation = true, maxChunks = 64 } = {}): void {
  const real = testLibc();
  const libc = answeringSends(real, (call) => {
    const answer = fixture.answer(call);
    fixture.calls.push(call.messages.slice(0, Math.max(answer, 0)).map(({ datagrams }) => datagrams));
    return answer;
  });
  const pool = new ChunkPool(libc, maxChunks);
  const flushList = new FlushList();
  let lastFd = 4;
  const open = () =>
    new SendQueue(
      {
        libc,
        pool,
        sent: new SendBatch(libc),
        flushList,
        segmentation,
        loop: { awaitWritable: () => fixture.blocked++ },
      },
      { fd: ++lastFd, capacity: CAPACITY, fromLocal: false },
    );
  const drops: string[] = [];
  const fixture: Fixture = {
    queue: open(),
    another: open(),
    open,
    flushList,
    pool,
    drops,
    calls: [],
    blocked: 0,
    answer: ({ messages }) => messages.length,
    address(port) {
      const address = parseSocketAddress({ hostname: "192.0.2.1", port }, AF_INET);
      assert.ok(address);
      address.owner = { deliver() {}, countDrop: () => drops.push(`${port}`) };
      return address;
    },
  };
  check(fixture);
  real.close();
}

function push(queue: SendQueue, to: SocketAddress, lengths: readonly number[]): void {
  for (const length of lengths) {
    assert.ok(queue.slot());
    queue.commit(length, to);
  }
}

const times = (count: number, length = 1200) => new Array<number>(count).fill(length);

Deno.test({
  name: "B151: datagrams of one size to one address are one message, and the last may be shorter",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, calls, address }) => {
      const [one, two] = [address(1), address(2)];
      push(queue, one, [1200, 1200, 1200, 700, 1200, 1201, 1201]);
      push(queue, two, [1201, 1201]);
      push(queue, one, [1]);
      queue.send();
      assert.deepEqual(calls, [[4, 1, 2, 2, 1]]);
    }),
});

Deno.test({
  name: "B151: a message holds 64 datagrams and the bytes of a chunk at most",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, calls, address }) => {
      push(queue, address(1), times(100, 100));
      push(queue, address(2), times(60));
      queue.send();
      // The chunk of the first has room for 18 of the others.
      assert.deepEqual(calls, [[64, 36, 18, 27, 15]]);
    }),
});

Deno.test({
  name: "one call sends 128 messages at most, and the next the others",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, calls, address }) => {
      const [one, two] = [address(1), address(2)];
      push(queue, one, times(300));
      queue.send();
      assert.deepEqual(calls.splice(0), [[...times(11, 27), 3]]);
      for (let i = 0; i < 75; i++) {
        push(queue, one, [100]);
        push(queue, two, [100]);
      }
      queue.send();
      assert.deepEqual(calls.map((call) => call.length), [128, 22], "sent early, then the rest");
    }),
});

Deno.test({
  name: "without GSO each datagram is a message",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, calls, address }) => {
      push(queue, address(1), times(10));
      queue.send();
      assert.deepEqual(calls, [times(10, 1)]);
    }, { segmentation: false }),
});

Deno.test({
  name: "B151: a kernel, device or route that refuses GSO gets each datagram by itself, now and for good; none is lost",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () => {
    for (const errno of [EINVAL, EIO, EMSGSIZE, EOPNOTSUPP]) {
      withQueue((fixture) => {
        const { queue, calls, address, drops } = fixture;
        const [refused, taken] = [address(1), address(2)];
        let isSecond = false;
        fixture.answer = ({ messages }) => {
          // The messages in front of the one that is refused are taken.
          const isRefused = (datagrams: number, i: number) => datagrams > 1 && (isSecond || i > 0);
          const at = messages.findIndex(({ datagrams }, i) => isRefused(datagrams, i));
          isSecond = at > 0;
          return at < 0 ? messages.length : at === 0 ? -errno : at;
        };
        push(queue, taken, times(3));
        push(queue, refused, times(3));
        queue.send();
        assert.deepEqual(calls.splice(0), [[3], [], [1, 1, 1]], `error ${errno}`);
        fixture.answer = ({ messages }) => messages.length;
        push(queue, taken, times(3));
        push(queue, refused, times(3));
        queue.send();
        assert.deepEqual(calls, [[3, 1, 1, 1]], "other addresses keep it");
        assert.deepEqual([queue.dropped, queue.length, drops], [0, 0, []]);
      });
    }
  },
});

Deno.test({
  name: "B152: what the kernel has no room for waits, and leaves in its order once there is room",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, calls, address } = fixture;
      let room = 2;
      fixture.answer = () => room > 0 ? room-- && 1 : -EAGAIN;
      push(queue, address(1), times(4));
      push(queue, address(2), times(5));
      push(queue, address(3), times(6));
      queue.send();
      assert.deepEqual([calls.splice(0), queue.length, fixture.blocked], [[[4], [5], []], 6, 1]);
      queue.send();
      push(queue, address(4), times(7));
      queue.send();
      assert.deepEqual(calls, [], "until it says so it is not asked again");
      fixture.answer = ({ messages }) => messages.length;
      queue.resume();
      assert.deepEqual([calls, queue.length, queue.dropped], [[[6, 7]], 0, 0]);
    }),
});

Deno.test({
  name: "B152: the oldest datagrams make room for new ones, and their peers count them",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, calls, address, drops, pool } = fixture;
      fixture.answer = () => -EAGAIN;
      push(queue, address(1), times(10));
      push(queue, address(2), times(CAPACITY));
      assert.deepEqual([queue.dropped, drops, queue.length], [10, times(10, 1).map(String), CAPACITY]);
      assert.equal(pool.used, 20);
      fixture.answer = ({ messages }) => messages.length;
      calls.length = 0;
      queue.resume();
      assert.equal(calls.flat().reduce((sum, count) => sum + count, 0), CAPACITY);
    }),
});

Deno.test({
  name: "B152: nothing is dropped as long as the kernel takes what there is",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, address }) => {
      push(queue, address(1), times(3 * CAPACITY));
      assert.equal(queue.dropped, 0);
    }),
});

Deno.test({
  name:
    "B151: a run that is refused for another reason goes datagram by datagram this once; what fails by itself is dropped",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, calls, address, drops } = fixture;
      const to = address(1);
      // A filter that takes nothing longer than a datagram.
      fixture.answer = ({ messages: [first] }) => first.datagrams > 1 ? -EPERM : 1;
      push(queue, to, times(3));
      queue.send();
      assert.deepEqual([calls.splice(0), queue.dropped], [[[], [1], [1], [1]], 0]);
      let errors = 2;
      fixture.answer = ({ messages }) => errors-- > 0 ? -ENETUNREACH : messages.length;
      push(queue, to, times(3));
      push(queue, address(2), times(2));
      queue.send();
      assert.deepEqual([calls.splice(0), queue.dropped, drops], [[[], [], [1, 1, 2]], 1, ["1"]]);
      push(queue, to, times(3));
      queue.send();
      assert.deepEqual(calls, [[3]], "the address keeps GSO");
    }),
});

Deno.test({
  name: "B151: where the kernel takes a part of a run that it gets one by one, the rest is as it was",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, calls, address } = fixture;
      const sent: number[][] = [];
      fixture.answer = ({ messages }) => {
        if (messages.length > 2) return 2;
        sent.push(messages.map(({ bytes }) => bytes));
        return messages.length;
      };
      push(queue, address(1), [...times(4), 700]);
      queue.send();
      assert.deepEqual([calls, queue.length], [[[1, 1], [1, 1], [1]], 0]);
      assert.deepEqual(sent, [[700]]);
    }, { segmentation: false }),
});

Deno.test({
  name: "B153: a datagram that the kernel refuses is dropped, those around it are sent",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, address, drops } = fixture;
      let taken = 0;
      const errors = [-EINTR, -EPERM];
      fixture.answer = () => taken === 1 && errors.length > 0 ? errors.shift() ?? 0 : (taken++, 1);
      for (const port of [1, 2, 3]) push(queue, address(port), [100]);
      queue.send();
      assert.deepEqual([taken, drops, queue.length], [2, ["2"], 0], "an interrupted call is repeated");
    }),
});

Deno.test({
  name: "B158: an idle queue holds no chunk, a closed one neither, whatever was begun",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, another, pool, address } = fixture;
      push(queue, address(1), times(100));
      queue.send();
      assert.equal(pool.used, 0);
      fixture.answer = () => -EAGAIN;
      push(queue, address(1), times(100));
      queue.slot();
      another.slot();
      assert.equal(pool.used, 4);
      queue.close();
      another.close();
      assert.deepEqual([pool.used, queue.slot(), queue.dropped], [0, undefined, 100]);
      queue.commit(100, address(1));
      assert.equal(queue.length, 0, "a slot that was given before is of no use any more");
    }),
});

Deno.test({
  name: "B158: where all chunks are in use a queue gives up its oldest, and one that holds none still gets one",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue((fixture) => {
      const { queue, another, open, pool, address, drops } = fixture;
      fixture.answer = () => -EAGAIN;
      push(queue, address(1), times(200));
      assert.deepEqual([queue.length, queue.dropped, pool.used], [7 * 27 - 16, 27, 7]);
      push(another, address(2), times(2));
      assert.deepEqual([another.length, another.dropped, pool.used], [2, 0, 8]);
      const third = open();
      push(third, address(3), [100]);
      assert.deepEqual([third.length, third.dropped, drops.at(-1)], [0, 1, "3"], "there is none left at all");
      push(another, address(2), times(26));
      assert.deepEqual([another.length, another.dropped, pool.used], [1, 27, 8], "its own oldest goes");
      fixture.answer = ({ messages }) => messages.length;
      for (const one of [queue, another]) one.resume();
      assert.equal(pool.used, 0);
      push(third, address(3), [100]);
      assert.equal(third.length, 1);
    }, { maxChunks: 8 }),
});

Deno.test({
  name: "what many sockets have queued leaves before the chunks become many, run by run",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, another, flushList, pool, calls, address }) => {
      const [one, two] = [address(1), address(2)];
      for (let i = 0; i < 50; i++) {
        push(queue, one, times(8));
        push(another, two, times(8));
      }
      assert.ok(pool.allocated <= SEND_EARLY / 27 + 2, `${pool.allocated}`);
      flushList.flush();
      const sent = calls.map((call) => call.reduce((sum, count) => sum + count, 0));
      assert.equal(sent.reduce((sum, count) => sum + count, 0), 800);
      assert.ok(sent.every((count) => count % 8 === 0), `no run was cut: ${sent}`);
      flushList.flush();
      assert.equal(calls.length, sent.length, "nothing is left");
    }),
});

Deno.test({
  name: "a commit of nothing, of too much, or without a slot queues nothing",
  permissions: WITH_LIBC.permissions,
  ignore: WITH_LIBC.ignore,
  fn: () =>
    withQueue(({ queue, address }) => {
      queue.commit(100, address(1));
      for (const length of [0, -1, 2049]) push(queue, address(1), [length]);
      assert.equal(queue.length, 0);
      push(queue, address(1), [2048]);
      assert.equal(queue.length, 1);
    }),
});
