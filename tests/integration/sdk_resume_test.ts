import assert from "node:assert/strict";
import { SdkWorld } from "../harness/sdk_world.ts";

/** As much of the SDK's ResumingSocket as is used here; its own types are the browser's. */
interface Signaling {
  readonly away: boolean;
  send(message: object): void;
  renew(): void;
  close(): void;
}

const SDK = new URL("../../static/sdk/", import.meta.url);
const { ResumingSocket } = await import(new URL("resuming_socket.js", SDK).href);

const WELCOME = { type: "welcome", peerId: "me", peers: [] };

/** A signaling that has joined over a first WebSocket, with what it has told. */
function join(world: SdkWorld, resume: string | undefined = "token 1") {
  const first = world.connect();
  const told: unknown[] = [];
  const options = { url: new URL("ws://sfu.example/ws"), roomId: "room" };
  const signaling: Signaling = new ResumingSocket(first, { ...WELCOME, resume }, options, {
    message: ({ type }: { readonly type: string }) => told.push(type),
    away: () => told.push("away"),
    resumed: ({ resume }: { readonly resume: string }) => told.push(`resumed ${resume}`),
    ended: (code: string) => told.push(`ended ${code}`),
  });
  return { signaling, first, told };
}

/** The newest WebSocket opens, and is welcomed with another token. */
async function welcome(world: SdkWorld, resume: string): Promise<void> {
  world.socket.open();
  world.socket.say({ ...WELCOME, resume });
  await world.settle();
}

Deno.test({
  name: "B202, P65: a WebSocket that is lost is replaced at once, by the token of the last welcome, time after time",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { signaling, first, told } = join(world);
    first.drop();
    await world.settle();
    assert.deepEqual([signaling.away, told, world.sockets.length], [true, ["away"], 2]);
    signaling.send({ type: "iceCandidate" });
    world.socket.open();
    assert.deepEqual(world.socket.sent, [{ type: "join", roomId: "room", resume: "token 1" }]);
    await welcome(world, "token 2");
    assert.equal(signaling.away, false);
    signaling.send({ type: "offer" });
    assert.deepEqual(world.socket.sent.map(({ type }) => type).slice(-1), ["offer"]);
    world.socket.say({ type: "answer" });

    world.socket.drop(1014);
    await world.settle();
    await welcome(world, "token 3");
    assert.equal(world.socket.sent[0].resume, "token 2");
    assert.deepEqual(told, ["away", "resumed token 2", "answer", "away", "resumed token 3"]);
    signaling.close();
    assert.equal(world.socket.closedWith, 1000);
    assert.equal(world.clock.pendingCount, 0);
  },
});

for (const random of [0, 0.5, 1]) {
  Deno.test({
    name: `B202: while nobody answers attempts come at growing intervals, and end after 30 s (chance ${random})`,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(random);
      const { first, told } = join(world);
      first.drop();
      await world.settle();
      for (let tried = 1; world.clock.now() < 40_000;) {
        if (world.sockets.length > tried) {
          tried = world.sockets.length;
          world.socket.drop();
        }
        await world.advance(10);
      }
      const times = world.sockets.slice(1).map(({ atMs }) => atMs);
      const pauses = times.slice(1).map((atMs, i) => atMs - times[i]);
      assert.equal(times[0], 0);
      for (const [i, pauseMs] of pauses.entries()) {
        const longestMs = Math.min(500 * 2 ** i, 5000);
        const expectedMs = longestMs * (0.5 + random / 2);
        // Attempts are noticed up to two steps later.
        assert.ok(Math.abs(pauseMs - expectedMs) <= 30, `pause ${i}: ${pauseMs} ms for ${expectedMs}`);
      }
      assert.ok(times[times.length - 1] < 30_000 && pauses.length >= 8, `${times}`);
      assert.deepEqual(told, ["away", "ended server-gone"]);
      assert.equal(world.clock.pendingCount, 0);
    },
  });
}

Deno.test({
  name: "B202, P67: an attempt that hangs is given up after 8 s by code 4001, which would not end a peer just resumed",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0);
    const { first, told } = join(world);
    first.drop();
    await world.settle();
    const hanging = world.socket;
    hanging.open();
    await world.advance(7_900);
    assert.deepEqual([hanging.closedWith, world.sockets.length], [undefined, 2]);
    await world.advance(500);
    assert.deepEqual([hanging.closedWith, world.sockets.length], [4001, 3]);
    await welcome(world, "token 2");
    assert.deepEqual(told, ["away", "resumed token 2"]);
  },
});

Deno.test({
  name: "B203: a changed network has another WebSocket take over; a hanging attempt and a pause end at once",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { signaling, first, told } = join(world);
    signaling.renew();
    await world.settle();
    assert.deepEqual([first.closedWith, world.sockets.length], [4001, 2]);
    first.say({ type: "peerLeft" });

    const hanging = world.socket;
    signaling.renew();
    await world.settle();
    assert.deepEqual([hanging.closedWith, world.sockets.length, world.clock.now()], [4001, 3, 0]);
    world.socket.drop();
    await world.settle();
    assert.equal(world.sockets.length, 3, "a pause before the next one");
    signaling.renew();
    await world.settle();
    assert.deepEqual([world.sockets.length, world.clock.now()], [4, 0]);
    await welcome(world, "token 2");
    assert.deepEqual(told, ["away", "resumed token 2"]);
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P66, P67: what the server says is final ends the room with its code, and nothing is tried any more",
  permissions: "none",
  async fn() {
    const closes = { 1000: "server-gone", 1001: "server-closing", 1008: "too-many", 1011: "internal" };
    const own = { 4000: "transport-failed", 4001: "superseded" };
    for (const [code, expected] of Object.entries({ ...closes, ...own })) {
      using world = new SdkWorld(0.5);
      const { first, told } = join(world);
      first.drop(Number(code));
      await world.settle();
      assert.deepEqual([told, world.sockets.length], [[`ended ${expected}`], 1]);
    }
    using world = new SdkWorld(0.5);
    const announced = join(world);
    announced.first.say({ type: "error", code: "server-closing", message: "the server is shutting down" });
    announced.first.drop();
    assert.deepEqual(announced.told, ["error", "ended server-closing"]);

    const refused = join(world);
    refused.first.drop();
    await world.settle();
    world.socket.open();
    world.socket.say({ type: "error", code: "resume-failed", message: "no" });
    await world.settle();
    assert.deepEqual(refused.told, ["away", "ended resume-failed"]);
    assert.equal(world.socket.closedWith, 4001);
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P114, P110: who is closed with 4003 resumes at once, and again after that",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { signaling, first, told } = join(world);
    first.drop(4003, "media-lost");
    await world.settle();
    await welcome(world, "token 2");
    world.socket.drop(4003, "media-lost");
    await world.settle();
    await welcome(world, "token 3");
    assert.deepEqual(world.sockets.map(({ atMs }) => atMs), [0, 0, 0]);
    assert.deepEqual(told, ["away", "resumed token 2", "away", "resumed token 3"]);
    signaling.close();
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "P65: a server that gave no token is not resumed",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { signaling, first, told } = join(world, "");
    signaling.renew();
    assert.equal(first.closedWith, undefined);
    first.drop();
    await world.settle();
    assert.deepEqual([told, world.sockets.length], [["ended server-gone"], 1]);
  },
});

Deno.test({
  name: "B202: who leaves while the WebSocket is away tries no more, be it in a pause or in an attempt",
  permissions: "none",
  async fn() {
    for (const isPause of [true, false]) {
      using world = new SdkWorld(0.5);
      const { signaling, first, told } = join(world);
      first.drop();
      await world.settle();
      if (isPause) world.socket.drop();
      await world.settle();
      if (!isPause) world.socket.open();
      signaling.close();
      await world.settle();
      if (!isPause) assert.equal(world.socket.closedWith, 1000, "the server may have resumed the peer: it leaves");
      await world.advance(10_000);
      assert.deepEqual([told, world.sockets.length, world.clock.pendingCount], [["away"], 2, 0]);
    }
  },
});

Deno.test({
  name:
    "B230, P66: an attempt that was given up and arrives late takes the peer over: the client takes it back, once each",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { first, told } = join(world);
    first.drop();
    await world.settle();
    world.socket.open();
    await world.advance(8_600);
    assert.deepEqual([world.sockets.length, world.sockets[1].socket.closedWith], [3, 4001]);
    await welcome(world, "token 2");

    world.socket.drop(4001, "superseded");
    await world.settle();
    await welcome(world, "token 3");
    assert.equal(
      world.socket.sent[0].resume,
      "token 1",
      "which the late attempt has used as well: token 2 counts no more",
    );
    assert.deepEqual(told, ["away", "resumed token 2", "away", "resumed token 3"]);

    world.socket.drop(4001, "superseded");
    await world.settle();
    assert.deepEqual([told.at(-1), world.sockets.length], ["ended superseded", 4], "that was somebody else");
    assert.equal(world.clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B230: attempts that failed are forgotten with their token: who takes the peer over later has it",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { first, told } = join(world);
    first.drop();
    await world.settle();
    world.socket.drop();
    await world.advance(600);
    await welcome(world, "token 2");
    world.socket.drop();
    await world.settle();
    await welcome(world, "token 3");
    world.socket.drop(4001, "superseded");
    assert.equal(told.at(-1), "ended superseded");
  },
});

Deno.test({
  name: "P65: a peer that ends just as it is resumed is told of as such, and not as one without a way for media",
  permissions: "none",
  async fn() {
    using world = new SdkWorld(0.5);
    const { first, told } = join(world);
    first.drop();
    await world.settle();
    await welcome(world, "token 2");
    world.socket.say({ type: "error", code: "resume-failed", message: "the peer was resumed too late" });
    world.socket.drop(4000, "signaling-lost");
    assert.deepEqual(told, ["away", "resumed token 2", "error", "ended resume-failed"]);
  },
});
