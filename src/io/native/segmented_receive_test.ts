import assert from "node:assert/strict";
import { testLibc, WITH_LIBC } from "../../../tests/harness/native_libc.ts";
import { seededRandom } from "../../../tests/harness/seeded_random.ts";
import { SLOT_SIZE } from "../../webrtc/datagram.ts";
import { bindUdp } from "./bind_udp.ts";
import { receiveRuns, SegmentedReceive } from "./segmented_receive.ts";
import { openNativeSockets } from "./sockets.ts";

const LOOPBACK = "127.0.0.1";
const BUFFERS = { receive: 1024 * 1024, send: 1024 * 1024 };

/** The datagrams of what waits, by messages. */
function receiveAll(received: SegmentedReceive, fd: number): Uint8Array[][] {
  const messages: Uint8Array[][] = [];
  for (let count = received.receive(fd); count > 0; count = received.receive(fd)) {
    for (let message = 0; message < count; message++) {
      const [length, size] = [received.length(message), received.size(message)];
      const datagrams: Uint8Array[] = [];
      for (let from = 0; from < length; from += size) {
        const out = new Uint8Array(SLOT_SIZE);
        const bytes = Math.min(size, length - from);
        received.copy(message, from, bytes, out);
        datagrams.push(out.slice(0, bytes));
      }
      messages.push(datagrams);
    }
  }
  return messages;
}

for (
  const [what, inRuns] of [["by runs one flush is one message", true], [
    "without each is one by itself",
    false,
  ]] as const
) {
  Deno.test({
    name: `B470: datagrams are the same however the kernel hands them over: ${what}`,
    permissions: { ...WITH_LIBC.permissions, net: [LOOPBACK] },
    ignore: WITH_LIBC.ignore,
    async fn() {
      const libc = testLibc();
      const opened = openNativeSockets({ random: seededRandom(1), libc: testLibc() });
      assert.ok(opened.ok);
      const { sockets } = opened;
      const receiver = bindUdp(libc, { hostname: LOOPBACK, port: 0, buffers: BUFFERS });
      if (inRuns) receiveRuns(libc, receiver.fd);
      const socket = sockets.openNodeSocket(LOOPBACK, 0, { handleDatagram() {}, endBatch() {} });
      const to = socket.resolve({ hostname: LOOPBACK, port: receiver.port });
      assert.ok(to);
      const lengths = [...new Array<number>(20).fill(1232), 700, ...new Array<number>(10).fill(300), 5];
      for (const [i, length] of lengths.entries()) {
        socket.slot()?.fill(i, 0, length);
        socket.commit(length, to);
      }
      sockets.flush();
      const messages = receiveAll(new SegmentedReceive(libc), receiver.fd);
      assert.deepEqual(messages.flat(), lengths.map((length, i) => new Uint8Array(length).fill(i)));
      const runs = messages.map((datagrams) => datagrams.length);
      assert.deepEqual(runs, inRuns && sockets.segmentation ? [21, 11] : lengths.map(() => 1));
      libc.call.close(receiver.fd);
      await sockets.close();
      libc.close();
    },
  });
}
