import assert from "node:assert/strict";
import { SdkWorld } from "../harness/sdk_world.ts";

const SDK = new URL("../../static/sdk/", import.meta.url);
const { ResumingSocket } = await import(new URL("resuming_socket.js", SDK).href);
const { openSocket, readToken } = await import(new URL("signaling.js", SDK).href);

const WELCOME = { type: "welcome", peerId: "me", peers: [] };
const URL_OF_SERVER = new URL("ws://sfu.example/ws");

const test = (name: string, fn: (world: SdkWorld) => Promise<void>) =>
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using world = new SdkWorld(0.5);
      await fn(world);
      assert.equal(world.clock.pendingCount, 0);
    },
  });

const protocolsOf = (token: string) => ["switchboard", `switchboard.bearer.${token}`];

/** A signaling that has joined and lost its WebSocket just now, with what it has told. */
async function lose(world: SdkWorld, token: unknown) {
  const told: unknown[] = [];
  const first = world.connect();
  const signaling = new ResumingSocket(
    first,
    { ...WELCOME, resume: "resume 1" },
    { url: URL_OF_SERVER, roomId: "room", token },
    {
      message: ({ type }: { readonly type: string }) => told.push(type),
      away: () => told.push("away"),
      resumed: () => told.push("resumed"),
      ended: (code: string) => told.push(`ended ${code}`),
    },
  );
  first.drop();
  await world.settle();
  return { signaling, told };
}

async function welcome(world: SdkWorld): Promise<void> {
  world.socket.open();
  world.socket.say({ ...WELCOME, resume: "resume 2" });
  await world.settle();
}

test("P71: the SDK puts the token into the handshake and nowhere else; without one it offers no subprotocol", async (world) => {
  openSocket(URL_OF_SERVER, await readToken("a.b-_c"));
  openSocket(URL_OF_SERVER, await readToken(undefined));
  openSocket(URL_OF_SERVER, await readToken(""));
  openSocket(URL_OF_SERVER, await readToken(() => Promise.resolve("d.e.f")));
  openSocket(URL_OF_SERVER, await readToken(() => "g.h.i"));
  assert.deepEqual(world.sockets.map(({ protocols }) => protocols), [
    protocolsOf("a.b-_c"),
    [],
    [],
    protocolsOf("d.e.f"),
    protocolsOf("g.h.i"),
  ]);
  assert.throws(() => openSocket(URL_OF_SERVER, "a b"), { code: "bad-token" });
});

test("B241: a token that cannot be had, or not in time, is told as such; who gives up waits no longer", async (world) => {
  const failing = () => Promise.reject(new Error("offline"));
  await assert.rejects(readToken(failing), { code: "token-unavailable" });
  const broken = () => {
    throw new Error("no");
  };
  await assert.rejects(readToken(broken), { code: "token-unavailable" });
  const never = () => new Promise<string>(() => {});
  const late = assert.rejects(readToken(never, undefined, 1000), { code: "token-unavailable" });
  await world.advance(1000);
  await late;
  const abort = new AbortController();
  const given = assert.rejects(readToken(never, abort.signal), { message: "enough" });
  abort.abort(new Error("enough"));
  await given;
});

test("B241, P78: a fresh token is asked for at each attempt to come back", async (world) => {
  let asked = 0;
  const { told } = await lose(world, () => Promise.resolve(`token.${++asked}`));
  assert.deepEqual(world.sockets.at(-1)?.protocols, protocolsOf("token.1"));
  world.socket.drop();
  await world.advance(600);
  assert.deepEqual(world.sockets.at(-1)?.protocols, protocolsOf("token.2"));
  await welcome(world);
  assert.deepEqual(told, ["away", "resumed"]);
  assert.deepEqual(world.socket.sent, [{ type: "join", roomId: "room", resume: "resume 1" }]);
});

test("B241: while there is no token, or it cannot be verified, the SDK tries again", async (world) => {
  let asked = 0;
  const token = () => ++asked === 1 ? Promise.reject(new Error("offline")) : Promise.resolve("token");
  const { told } = await lose(world, token);
  assert.equal(world.sockets.length, 1);
  await world.advance(600);
  world.socket.open();
  world.socket.say({ type: "error", code: "auth-unavailable", message: "later" });
  await world.advance(1200);
  await welcome(world);
  assert.deepEqual([told, world.sockets.length, asked], [["away", "resumed"], 3, 3]);
});

test("P72, P79: a token that is refused, and a client that is replaced, are ends", async (world) => {
  for (const code of ["unauthorized", "forbidden"]) {
    const { told } = await lose(world, "token");
    world.socket.open();
    world.socket.say({ type: "error", code, message: "no" });
    await world.settle();
    assert.deepEqual(told, ["away", `ended ${code}`]);
  }
  const { told } = await lose(world, undefined);
  await welcome(world);
  world.socket.say({ type: "error", code: "replaced", message: "somebody else" });
  world.socket.drop(4002, "replaced");
  assert.deepEqual(told, ["away", "resumed", "error", "ended replaced"]);
});

test("B202, B241: who leaves while a token is awaited opens no WebSocket any more", async (world) => {
  const token = Promise.withResolvers<string>();
  const { signaling, told } = await lose(world, () => token.promise);
  signaling.close();
  token.resolve("token");
  await world.settle();
  assert.deepEqual([told, world.sockets.length], [["away"], 1]);
});
