import assert from "node:assert/strict";
import { HttpMediaClient } from "../harness/http_media_client.ts";
import { buildOffer } from "../harness/offer_builder.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";

const LOOPBACK = "127.0.0.1";
/** Of which the runtime and the server have some 30 before anyone comes. */
const DESCRIPTORS = 100;

const OFFER = buildOffer([{ mid: "0", kind: "video", direction: "sendonly", ssrc: 1000, msid: "s v" }]);

/** What a WHIP client's POST comes to: its status, and the session or the code of the refusal. */
async function post(server: ServerProcess, room: string) {
  const response = await fetch(new URL(`whip/${room}`, server.url), {
    method: "POST",
    headers: { "Content-Type": "application/sdp" },
    body: OFFER,
  });
  const text = await response.text();
  const session = response.headers.get("Location");
  if (response.status === 201 && session !== null) return { status: 201, session: new URL(session, server.url) };
  return { status: response.status, code: JSON.parse(text).code, retryAfter: response.headers.get("Retry-After") };
}

async function readiness({ url }: ServerProcess): Promise<number> {
  const response = await fetch(new URL("readyz", url));
  await response.body?.cancel();
  return response.status;
}

// With one port for all peers they take no descriptors, and portable workers open some before there are any.
for (const { name, ...setup } of MEDIA_SETUPS.filter(({ flags }) => !flags?.includes("--room-peers-per-worker=1"))) {
  Deno.test({
    name:
      `B362: the last descriptors are not for peers: they are refused, and the server lives and takes others (${name})`,
    ignore: setup.ignore || Deno.build.os === "windows",
    permissions: { ...SERVER_PERMISSIONS, run: [...SERVER_PERMISSIONS.run, "sh"], net: [LOOPBACK, "localhost"] },
    async fn() {
      const server = await ServerProcess.start({
        ...setup,
        flags: [...(setup.flags ?? []), "--host=127.0.0.1"],
        descriptors: DESCRIPTORS,
      });
      try {
        await using publisher = await HttpMediaClient.connect(`${server.url}/whip/call`, "whip");
        await using player = await HttpMediaClient.connect(`${server.url}/whep/call`, "whep");
        publisher.sendPictures();
        const sessions: URL[] = [];
        let refusal: Awaited<ReturnType<typeof post>> | undefined;
        for (let peer = 0; peer < DESCRIPTORS && refusal === undefined; peer++) {
          const result = await post(server, `room${peer}`);
          if (result.session === undefined) refusal = result;
          else sessions.push(result.session);
        }
        assert.deepEqual(refusal, { status: 503, code: "no-capacity", retryAfter: "5" });
        assert.ok(sessions.length >= 10, `${sessions.length} peers before that`);
        assert.equal(await readiness(server), 503);
        for (let again = 0; again < 50; again++) assert.equal((await post(server, "another")).status, 503);

        await using waiting = await SignalingSocket.open(`${server.url.replace(/^http/, "ws")}/ws`);
        waiting.send({ type: "join", roomId: "another" });
        assert.equal((await waiting.receive("error")).code, "no-capacity");
        assert.equal((await waiting.closed).code, 1013);

        const { length } = player.received.entries;
        await player.received.reach(length + 10, "a packet of the call");
        for (const session of sessions.splice(0, 4)) {
          const { status, body } = await fetch(session, { method: "DELETE" });
          await body?.cancel();
          assert.equal(status, 200);
        }
        while (await readiness(server) !== 200);
        assert.equal((await post(server, "another")).status, 201);
      } finally {
        assert.equal(await server.stop(), 0);
      }
    },
  });
}
