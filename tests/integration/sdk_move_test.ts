import assert from "node:assert/strict";
import { type FakeWebSocket, SdkWorld } from "../harness/sdk_world.ts";

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
const SECONDS = 60;

/** A signaling that has joined at a server. */
function join(world: SdkWorld, shared?: true) {
  const first = world.connect();
  const told: unknown[] = [];
  const options = { url: new URL("ws://sfu.example/ws"), roomId: "room", name: "Ada" };
  const signaling: Signaling = new ResumingSocket(first, { ...WELCOME, resume: "token 1", shared }, options, {
    message: ({ type }: { readonly type: string }) => told.push(type),
    away: () => told.push("away"),
    resumed: ({ resume, media }: { readonly resume: string; readonly media?: string }) =>
      told.push(`resumed ${resume} ${media ?? "as it was"}`),
    ended: (code: string) => told.push(`ended ${code}`),
  });
  return { signaling, first, told };
}

/** A signaling that has joined at a server that then says that it ends. */
async function open(world: SdkWorld) {
  const joined = join(world);
  joined.first.say({ type: "draining", seconds: SECONDS });
  await world.settle();
  return joined;
}

/** The next attempt has begun. */
async function attempt(world: SdkWorld): Promise<FakeWebSocket> {
  const before = world.sockets.length;
  for (let i = 0; world.sockets.length === before && i < 1000; i++) await world.advance(10);
  assert.equal(world.sockets.length, before + 1, "no attempt");
  return world.socket;
}

/** Another server welcomes it. */
async function welcome(world: SdkWorld, socket: FakeWebSocket, resume: string): Promise<void> {
  socket.open();
  socket.say({ ...WELCOME, peerId: "me there", resume });
  await world.settle();
}

async function refuse(world: SdkWorld, socket: FakeWebSocket, code: string): Promise<void> {
  socket.open();
  socket.say({ type: "error", code, message: "" });
  await world.settle();
}

function test(name: string, check: (world: SdkWorld) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      await check(world);
      assert.equal(world.clock.pendingCount, 0, "no timer is left");
    },
  });
}

test("P117: whoever is told that the server ends joins by another WebSocket, and only then leaves by this one", async (world) => {
  const { signaling, first, told } = await open(world);
  assert.equal(world.sockets.length, 1, "not all clients of a server at once");
  // The load balancer has not noticed yet.
  const refused = await attempt(world);
  assert.equal(world.clock.now(), 0.5 * SECONDS * 100);
  await refuse(world, refused, "server-draining");
  refused.drop(1012);
  signaling.send({ type: "offer" });
  assert.deepEqual(first.sent.map(({ type }) => type), ["offer"], "all goes on meanwhile");
  const second = await attempt(world);
  assert.equal(first.closedWith, undefined);
  await welcome(world, second, "token 2");
  assert.deepEqual(second.sent, [{ type: "join", roomId: "room", name: "Ada" }]);
  assert.deepEqual([first.closedWith, signaling.away, told], [1000, false, ["draining", "resumed token 2 new"]]);
  signaling.send({ type: "offer" });
  assert.deepEqual(second.sent.map(({ type }) => type), ["join", "offer"]);
  second.drop();
  await world.settle();
  world.socket.open();
  assert.equal(world.socket.sent[0].resume, "token 2");
  await welcome(world, world.socket, "token 3");
  assert.deepEqual(told.slice(2), ["away", "resumed token 3 as it was"]);
  signaling.close();
});

test("P117: where no other server takes it before the end the room ends by the words of this one", async (world) => {
  const { first, told } = await open(world);
  while (world.clock.now() < SECONDS * 1000) {
    if (world.socket !== first && world.socket.closedWith === undefined) await refuse(world, world.socket, "room-full");
    await world.advance(100);
  }
  first.say({ type: "error", code: "server-closing", message: "" });
  first.drop(1001);
  assert.deepEqual(told, ["draining", "error", "ended server-closing"]);
  assert.ok(world.sockets.length > 10);
});

test("P117: who leaves on the way leaves both servers, or the one that it has joined", async (world) => {
  const { signaling, first } = await open(world);
  const second = await attempt(world);
  second.open();
  signaling.close();
  await world.settle();
  assert.deepEqual([first.closedWith, second.closedWith], [1000, 1000]);
});

test("P117: where the room takes nobody twice it leaves first; no other server in time is the end", async (world) => {
  const { signaling, first, told } = await open(world);
  await refuse(world, await attempt(world), "duplicate-identity");
  assert.deepEqual([first.closedWith, signaling.away, told], [1000, true, ["draining", "away"]]);
  await welcome(world, await attempt(world), "token 2");
  assert.deepEqual([signaling.away, told.slice(2)], [false, ["resumed token 2 new"]]);
  world.socket.say({ type: "draining", seconds: 1 });
  await refuse(world, await attempt(world), "duplicate-identity");
  await world.advance(2000);
  for (const { socket } of world.sockets) if (socket.closedWith === undefined) await refuse(world, socket, "room-full");
  await world.advance(2000);
  assert.deepEqual(told.slice(3), ["draining", "away", "ended server-gone"]);
});

test("P117: that it replaces itself by joining elsewhere does not end it", async (world) => {
  const { signaling, first, told } = await open(world);
  const second = await attempt(world);
  second.open();
  first.say({ type: "error", code: "replaced", message: "" });
  first.drop(4002);
  await welcome(world, second, "token 2");
  assert.deepEqual(told, ["draining", "error", "resumed token 2 new"]);
  signaling.close();
});

test("P117: that somebody else replaces it on the way is its end, and it replaces nobody in turn", async (world) => {
  for (const isJoining of [true, false]) {
    const { first, told } = await open(world);
    const second = isJoining ? await attempt(world) : undefined;
    second?.open();
    first.say({ type: "error", code: "replaced", message: "" });
    first.drop(4002);
    if (second !== undefined) await refuse(world, second, "server-draining");
    const sockets = world.sockets.length;
    await world.advance(10_000);
    assert.deepEqual([told, world.sockets.length], [["draining", "error", "ended replaced"], sockets]);
  }
});

test("P117: who loses its WebSocket on the way comes back, and is told again; or goes on where another server answers", async (world) => {
  const { signaling, first, told } = await open(world);
  first.drop();
  await world.settle();
  await welcome(world, world.socket, "token 2");
  await world.advance(10_000);
  assert.deepEqual([told, world.sockets.length], [["draining", "away", "resumed token 2 as it was"], 2]);
  world.socket.say({ type: "draining", seconds: 30 });
  world.socket.drop();
  await world.settle();
  await refuse(world, world.socket, "resume-failed");
  await welcome(world, await attempt(world), "token 3");
  assert.deepEqual(told.slice(3), ["draining", "away", "resumed token 3 new"]);
  signaling.close();
});

test("P118: where a server of several is lost and another one answers it joins anew there, within 30 s", async (world) => {
  const { signaling, first, told } = join(world, true);
  first.drop();
  await world.settle();
  await refuse(world, world.socket, "resume-failed");
  await refuse(world, await attempt(world), "room-full");
  await welcome(world, await attempt(world), "token 2");
  assert.deepEqual([told, signaling.away], [["away", "resumed token 2 new"], false]);
  signaling.close();

  const again = join(world, true);
  again.first.drop();
  await world.settle();
  await refuse(world, world.socket, "resume-failed");
  const beganMs = world.clock.now();
  while (again.told.length === 1 && world.clock.now() < beganMs + 60_000) {
    if (world.socket.closedWith === undefined) await refuse(world, world.socket, "room-full");
    await world.advance(100);
  }
  assert.deepEqual(again.told, ["away", "ended server-gone"]);
  assert.ok(Math.abs(world.clock.now() - beganMs - 30_000) < 500);
});

test("P118: where no other server has the room one that cannot be resumed is over", async (world) => {
  const { first, told } = join(world);
  first.drop();
  await world.settle();
  await refuse(world, world.socket, "resume-failed");
  assert.deepEqual(told, ["away", "ended resume-failed"]);
});

test("P136: who is moved joins the other room by another WebSocket, and its signaling goes on there", async (world) => {
  const { signaling, first, told } = join(world);
  first.say({ type: "moved", roomId: "office" });
  first.drop(4006);
  assert.deepEqual([signaling.away, told], [true, ["moved", "away"]]);
  const second = await attempt(world);
  second.drop();
  const third = await attempt(world);
  await refuse(world, third, "too-many-joins");
  const fourth = await attempt(world);
  await welcome(world, fourth, "token 2");
  assert.deepEqual(fourth.sent, [{ type: "join", roomId: "office", name: "Ada" }]);
  assert.deepEqual([signaling.away, told.slice(2)], [false, ["resumed token 2 new"]]);
  fourth.drop();
  await world.settle();
  world.socket.open();
  assert.deepEqual(world.socket.sent.map(({ resume }) => resume), ["token 2"]);
  signaling.close();
});

test("P136: who is moved while its network changes goes to the other room, though it hears of no end", async (world) => {
  const { signaling, first, told } = join(world);
  first.say({ type: "moved", roomId: "office" });
  signaling.renew();
  const second = await attempt(world);
  await welcome(world, second, "token 2");
  assert.deepEqual(second.sent, [{ type: "join", roomId: "office", name: "Ada" }]);
  assert.deepEqual(told, ["moved", "away", "resumed token 2 new"]);
  signaling.close();
});

test("P136: who is refused in the other room, or finds no server, is told so and is nowhere", async (world) => {
  for (const [code, ended] of [["forbidden", "forbidden"], [undefined, "server-gone"]]) {
    const { first, told } = join(world);
    first.say({ type: "moved", roomId: "office" });
    first.drop(4006);
    for (let tries = 0; !told.includes(`ended ${ended}`); tries++) {
      assert.ok(tries < 100);
      await world.advance(1000);
      if (world.socket.readyState === 3) continue;
      if (code === undefined) world.socket.drop();
      else await refuse(world, world.socket, code);
    }
    await world.settle();
  }
});

test("P136: who leaves on the way to the other room leaves it", async (world) => {
  const { signaling, first } = join(world);
  first.say({ type: "moved", roomId: "office" });
  first.drop(4006);
  const second = await attempt(world);
  second.open();
  signaling.close();
  await world.settle();
  assert.equal(second.closedWith, 1000);
});
