import assert from "node:assert/strict";
import { MAX_HANDSHAKES } from "../../src/webrtc/handshake_limit.ts";
import { clientHello, HalfPeer } from "../harness/half_peer.ts";
import { Neighbours } from "../harness/neighbours.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";

const JOINS_AT_ONCE = 16;
const POLLS = 1_000;

Deno.test({
  name:
    "B217, B243: of one address 256 handshakes are under way, one more waits, another address and a call notice nothing",
  permissions: { ...SERVER_PERMISSIONS, net: ["localhost", "127.0.0.1", "127.0.0.2"] },
  sanitizeOps: true,
  // The HTTP client's connection to /healthz stays open.
  sanitizeResources: false,
  async fn() {
    const server = await ServerProcess.start({ flags: ["--host=127.0.0.1"], log: "switchboard=warn" });
    try {
      await using stack = new AsyncDisposableStack();
      await exhaust(server, stack);
    } finally {
      assert.equal(await server.stop(), 0, server.log);
    }
  },
});

async function exhaust(server: ServerProcess, stack: AsyncDisposableStack): Promise<void> {
  const url = `ws://127.0.0.1:${server.port}/ws`;
  const call = stack.use(await Neighbours.meet(url, "call"));
  const hello = await clientHello();
  const join = async (address?: string) => stack.use(await HalfPeer.join(url, "room", address));
  const halves: HalfPeer[] = [];
  while (halves.length < MAX_HANDSHAKES) {
    halves.push(...await Promise.all(Array.from({ length: JOINS_AT_ONCE }, () => join())));
  }
  const [late, elsewhere] = [await join(), await join("127.0.0.2")];

  for (const { media } of halves) media.client.sendDatagram(hello);
  await Promise.all(halves.map((half) => half.answered()));
  late.media.client.sendDatagram(hello);
  await untilRefused(server);
  assert.equal(late.answers, 0);
  elsewhere.media.client.sendDatagram(hello);
  await elsewhere.answered();
  await call.assertUndisturbed();

  await halves[0].signaling.close();
  // A client repeats itself; the server hears of the end of a WebSocket on its own time.
  for (let polls = 0; late.answers === 0; polls++) {
    assert.ok(polls < POLLS, "it begins when another one has ended");
    late.media.client.sendDatagram(hello);
    await server.health();
  }
}

async function untilRefused(server: ServerProcess): Promise<void> {
  for (let polls = 0; polls < POLLS; polls++) {
    const { refusals } = await server.health();
    if (Object(refusals)["too-many-handshakes"] > 0) return;
  }
  assert.fail("the refusal of one more is not counted");
}
