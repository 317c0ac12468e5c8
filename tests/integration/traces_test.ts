import assert from "node:assert/strict";
import { HttpMediaClient } from "../harness/http_media_client.ts";
import { MediaSource } from "../harness/media_source.ts";
import { MEDIA_SETUPS, SERVER_PERMISSIONS, ServerProcess, type ServerSetup } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import { attributesOf, type ExportedSpan, TraceCollector } from "../harness/trace_collector.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const LOOPBACK = "127.0.0.1";
const PERMISSIONS = { ...SERVER_PERMISSIONS, net: [LOOPBACK, "localhost"] } satisfies Deno.PermissionOptionsObject;
/** Nobody's word but a client's. */
const ROOM = "a-room-that-nobody-is-told-of";
const WEBSOCKET_STEPS = ["open", "ask", "negotiate", "ice", "dtls", "media"];

const signalingUrl = ({ url }: ServerProcess) => `${url.replace(/^http/, "ws")}/ws`;

/** The spans of the join that this is true of, its own first and then its steps, once all of them are there. */
async function joinOf(
  { spans }: TraceCollector,
  fits: (attributes: Record<string, unknown>) => boolean,
  steps: readonly string[],
): Promise<ExportedSpan[]> {
  const join = await spans.find((span) => span.name === "join" && fits(attributesOf(span)), "the span of a join");
  const found: ExportedSpan[] = [];
  for (const step of steps) {
    const isOf = ({ name, parentSpanId }: ExportedSpan) => name === `join.${step}` && parentSpanId === join.spanId;
    found.push(await spans.find(isOf, `the step ${step} of a join`));
  }
  return [join, ...found];
}

/** Each step begins where the one before ends, and all but the last are within the join. */
function assertInOrder([join, ...steps]: readonly ExportedSpan[]): void {
  const [begin, end] = [BigInt(join.startTimeUnixNano), BigInt(join.endTimeUnixNano)];
  let last = begin;
  for (const { name, traceId, startTimeUnixNano, endTimeUnixNano } of steps) {
    assert.equal(traceId, join.traceId, name);
    assert.equal(BigInt(startTimeUnixNano), last, name);
    last = BigInt(endTimeUnixNano);
    if (name !== "join.media") assert.ok(last <= end, `${name} ends behind the join`);
  }
}

function test(name: string, setup: ServerSetup, fn: (server: ServerProcess, to: TraceCollector) => Promise<void>) {
  Deno.test({
    name,
    ignore: setup.task === "start" && Deno.build.os !== "linux",
    permissions: PERMISSIONS,
    async fn() {
      await using collector = new TraceCollector();
      const server = await ServerProcess.start({
        ...setup,
        flags: ["--host=127.0.0.1", ...(setup.flags ?? [])],
        env: { ...collector.environment, ...setup.env },
      });
      try {
        await fn(server, collector);
      } finally {
        assert.equal(await server.stop(), 0);
      }
    },
  });
}

for (const { name, ...setup } of MEDIA_SETUPS) {
  test(
    `B360: a join by WebSocket is a trace from its request to its first packet (${name})`,
    setup,
    async (server, collector) => {
      await using alice = await WeriftClient.join(signalingUrl(server), ROOM);
      const publication = alice.publish("video");
      await alice.connect();
      await using bob = await WeriftClient.join(signalingUrl(server), ROOM);
      const subscription = bob.subscribe("video");
      await bob.connect();
      await new MediaSource(alice, publication).flow(bob.streamOf(subscription), 3);
      for (const { id, answer } of [alice, bob]) {
        const spans = await joinOf(collector, (is) => is["switchboard.peer"] === id, WEBSOCKET_STEPS);
        assertInOrder(spans);
        assert.deepEqual(attributesOf(spans[0]), {
          "switchboard.client": "websocket",
          "switchboard.peer": id,
          "switchboard.outcome": "connected",
          "network.transport": "udp",
          "network.type": "ipv4",
        });
        const { spanId } = await collector.requests.find(
          ({ spanId }) => spanId === spans[0].parentSpanId,
          "the runtime's span of the request",
        );
        assert.notEqual(spanId, "");
        const ufrag = /^a=ice-ufrag:(\S+)/m.exec(answer)?.[1] ?? "";
        for (const secret of [ROOM, ufrag, alice.resumeToken, bob.resumeToken, "127.0.0.1"]) {
          assert.ok(!JSON.stringify(collector.spans.entries).includes(secret), secret);
        }
      }
    },
  );
}

test(
  "B360: a join by WHIP and one by WHEP are traces of their own, below the client's where it has one",
  {},
  async (server, collector) => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const traceparent = `00-${traceId}-b7ad6b7169203331-01`;
    await using publisher = await HttpMediaClient.connect(`${server.url}/whip/${ROOM}`, "whip", { traceparent });
    await using player = await HttpMediaClient.connect(`${server.url}/whep/${ROOM}`, "whep");
    publisher.sendPictures();
    await player.received.reach(1, "a packet");
    const steps = ["negotiate", "ice", "dtls", "media"];
    for (const client of ["whip", "whep"]) {
      const spans = await joinOf(collector, (is) => is["switchboard.client"] === client, steps);
      assertInOrder(spans);
      assert.equal(attributesOf(spans[0])["switchboard.outcome"], "connected");
      assert.equal(spans[0].traceId === traceId, client === "whip");
    }
    assert.ok(!JSON.stringify(collector.spans.entries).includes(ROOM));
  },
);

test(
  "B360: joins that come to nothing end with the reason, and one that resumes says so",
  { flags: ["--max-peers=2"] },
  async (server, collector) => {
    const hasty = await SignalingSocket.open(signalingUrl(server));
    await hasty.close();
    const left = await joinOf(collector, (is) => is["switchboard.outcome"] === "left", ["open", "ask"]);
    assert.deepEqual([attributesOf(left[0])["error.type"], left[0].status.code], ["leave", 0]);

    const response = await fetch(`${server.url}/whip/${ROOM}`, {
      method: "POST",
      headers: { "Content-Type": "application/sdp" },
      body: "no sdp",
    });
    await response.body?.cancel();
    const refused = await joinOf(collector, (is) => is["error.type"] === "bad-sdp", ["negotiate"]);
    assert.deepEqual(refused.map(({ status }) => status.code), [2, 2]);

    await using alice = await WeriftClient.join(signalingUrl(server), ROOM);
    alice.publish("audio");
    await alice.connect();
    await alice.resume(signalingUrl(server));
    const resumed = await joinOf(collector, (is) => is["switchboard.resumed"] === true, ["open", "ask"]);
    assert.equal(attributesOf(resumed[0])["switchboard.peer"], alice.id);

    await using _bob = await WeriftClient.join(signalingUrl(server), ROOM);
    await using carol = await SignalingSocket.open(signalingUrl(server));
    carol.send({ type: "join", roomId: ROOM });
    await carol.receive("error");
    const full = await joinOf(collector, (is) => is["error.type"] === "room-full", ["open", "ask"]);
    assert.equal(attributesOf(full[0])["switchboard.outcome"], "refused");
  },
);

test(
  "B361: nothing is exported unless it is asked for",
  { env: { OTEL_DENO: "false" } },
  async (server, collector) => {
    await using alice = await WeriftClient.join(signalingUrl(server), ROOM);
    alice.publish("audio");
    await alice.connect();
    await alice.leave();
    assert.equal(await server.stop(), 0);
    assert.deepEqual(collector.bodies, []);
  },
);

test(
  "B361: without a collector calls are as ever",
  { env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1" } },
  async (server) => {
    await using alice = await WeriftClient.join(signalingUrl(server), ROOM);
    const publication = alice.publish("video");
    await alice.connect();
    await using bob = await WeriftClient.join(signalingUrl(server), ROOM);
    const subscription = bob.subscribe("video");
    await bob.connect();
    await new MediaSource(alice, publication).flow(bob.streamOf(subscription), 20);
  },
);
