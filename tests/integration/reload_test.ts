import assert from "node:assert/strict";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { FOR_ROOM, SECRET, secretToken } from "../harness/tokens.ts";

const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";
const PERMISSIONS: Deno.PermissionOptionsObject = {
  ...SERVER_PERMISSIONS,
  read: [...SERVER_PERMISSIONS.read, FOLDER],
  write: [FOLDER],
};
const OTHER_SECRET = [...SECRET].reverse().join("");

/** What a client is told first whose token this is. */
async function answerTo(server: ServerProcess, token: string): Promise<string> {
  await using socket = await SignalingSocket.open(server.signalingUrl, token);
  socket.send({ type: "join", roomId: "room" });
  await socket.messages.reach(1, "an answer");
  return socket.messages.entries[0].type;
}

/** The line that a reload ends with. */
async function reloaded(server: ServerProcess, expected: RegExp): Promise<void> {
  server.hangUp();
  assert(await server.written(expected) !== undefined, server.log);
}

Deno.test({
  name: "B519, B520, B521: a server reads its file of settings again at SIGHUP, whole or not at all, and goes on",
  permissions: PERMISSIONS,
  ignore: Deno.build.os === "windows",
  async fn() {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    const path = `${folder}/a.env`;
    const write = (...lines: string[]) => Deno.writeTextFileSync(path, lines.join("\n"));
    write(`AUTH_SECRET=${SECRET}`, "MAX_ROOMS=5");
    const setup = { flags: [`--config-file=${path}`, "--max-peers=9"], permissions: [`--allow-read=${folder}`] };
    const server = await ServerProcess.start(setup);
    try {
      const [old, other] = [await secretToken(FOR_ROOM), await secretToken(FOR_ROOM, OTHER_SECRET)];
      const answers = async () => [await answerTo(server, old), await answerTo(server, other)];
      assert.deepEqual(await answers(), ["welcome", "error"]);
      write(`AUTH_SECRET=${OTHER_SECRET}`, "MAX_ROOMS=none of them");
      await reloaded(server, /(stay as they are: \S*a\.env:2: MAX_ROOMS=none of them is not allowed)/);
      assert.deepEqual(await answers(), ["welcome", "error"]);
      write(`AUTH_SECRET=${OTHER_SECRET}`, "MAX_PEERS=1", "HOST=::1");
      await reloaded(server, /(these settings need a restart: --host)/);
      assert.match(server.log, /changed: "--auth-secret --max-rooms"/);
      assert.deepEqual(await answers(), ["error", "welcome"]);
      assert(!server.log.includes(SECRET) && !server.log.includes(OTHER_SECRET));
    } finally {
      assert.equal(await server.stop(), 0, server.log);
      await Deno.remove(folder, { recursive: true });
    }
  },
});
