import assert from "node:assert/strict";
import { MemoryBrokerNetwork } from "../../src/bus/memory_broker.ts";
import { DEADLINE_MS } from "../harness/journal.ts";
import { LoopbackServer } from "../harness/loopback_server.ts";
import { MediaSource } from "../harness/media_source.ts";
import { samplesOf } from "../harness/metrics_text.ts";
import { SERVER_PERMISSIONS, ServerProcess } from "../harness/server.ts";
import { SignalingSocket } from "../harness/signaling_socket.ts";
import {
  answer,
  type Behaviour,
  hangUp,
  isSigned,
  sayForever,
  stall,
  trickle,
  WEBHOOK_SECRET,
  WebhookReceiver,
} from "../harness/webhook_receiver.ts";
import { WeriftClient } from "../harness/werift_client.ts";

const PERMISSIONS = { net: ["127.0.0.1", "localhost"] } satisfies Deno.PermissionOptionsObject;
const DOCS = new URL("../../docs/webhooks.md", import.meta.url);
const FOLDER = Deno.env.get("TMPDIR") ?? "/tmp";

function serverOf(receivers: readonly WebhookReceiver[], allowPrivate = true): LoopbackServer {
  const urls = receivers.map((receiver) => receiver.url());
  return new LoopbackServer({ webhooks: { urls, secret: WEBHOOK_SECRET, allowPrivate } });
}

/** Somebody enters a room and leaves it. */
async function visit(url: string, roomId: string): Promise<void> {
  const socket = await SignalingSocket.open(url);
  socket.send({ type: "join", roomId });
  await socket.receive("welcome");
  await socket.close();
}

Deno.test({
  name: "B505: a receiver is told of all that happens in a room, in its order, by requests that are signed",
  permissions: PERMISSIONS,
  async fn() {
    await using receiver = new WebhookReceiver();
    await using server = serverOf([receiver]);
    const alice = await WeriftClient.join(server.signalingUrl, "blue", { name: "Alice" });
    const bob = await WeriftClient.join(server.signalingUrl, "blue");
    const source = new MediaSource(alice, alice.publish("audio"));
    await alice.connect();
    const subscription = bob.subscribe("audio");
    await bob.connect();
    await source.flow(bob.streamOf(subscription), 20);
    await receiver.received.reach(6, "an event");
    await alice.leave();
    await bob.leave();
    await receiver.received.reach(10, "an event");

    const received = receiver.received.entries;
    const bodies = received.map(({ body }) => JSON.parse(body));
    const [, { data: joined }] = bodies;
    assert.deepEqual(joined, { roomId: "blue", peerId: alice.id, name: "Alice" });
    const { track } = bodies.find(({ type }) => type === "track.published").data;
    assert.deepEqual([track.kind, track.source, Object.keys(track).sort()], ["audio", "microphone", [
      "id",
      "kind",
      "source",
    ]]);
    assert.deepEqual(receiver.typesOf("blue"), [
      "room.started",
      "peer.joined",
      "peer.joined",
      "track.published",
      "peer.connected",
      "peer.connected",
      "track.unpublished",
      "peer.left",
      "peer.left",
      "room.ended",
    ]);
    assert.ok(received.every((request) => isSigned(request)));
    assert.ok(received.every(({ id, headers }) => headers.get("webhook-id") === id));
    assert.equal(new Set(received.map(({ id }) => id)).size, 10);
    const [{ server: name }] = bodies;
    assert.deepEqual(bodies.map(({ id, server }) => [id, server]), bodies.map((_, at) => [`${name}-${at + 1}`, name]));
  },
});

Deno.test({
  name: "B506, B507: events of a room keep their order while one is sent again, and other rooms go on meanwhile",
  permissions: PERMISSIONS,
  async fn() {
    await using receiver = new WebhookReceiver();
    const failures = [answer(500), answer(429, "Retry-After: 1\r\n\r\n")];
    const greenIsOver = Promise.withResolvers<void>();
    receiver.behaviour = async (connection, received) => {
      if (received.roomId !== "red") return await answer(200)(connection, received);
      await greenIsOver.promise;
      await (failures.shift() ?? answer(200))(connection, received);
    };
    await using server = serverOf([receiver]);
    await visit(server.signalingUrl, "red");
    await receiver.received.find(({ roomId }) => roomId === "red", "red's start");
    await visit(server.signalingUrl, "green");
    await receiver.received.find(({ roomId, type }) => roomId === "green" && type === "room.ended", "green's end");
    assert.deepEqual(receiver.typesOf("red"), ["room.started"], "green is over before red has begun");
    greenIsOver.resolve();
    await receiver.received.find(({ roomId, type }) => roomId === "red" && type === "room.ended", "red's end");
    const expected = ["room.started", "peer.joined", "peer.left", "room.ended"];
    assert.deepEqual(receiver.typesOf("green"), expected);
    assert.deepEqual(receiver.typesOf("red"), ["room.started", "room.started", ...expected]);
    const red = receiver.received.entries.filter(({ roomId }) => roomId === "red");
    assert.equal(new Set(red.slice(0, 3).map(({ id, body }) => `${id} ${body}`)).size, 1, "the same event three times");
    assert.ok(red.every((request) => isSigned(request)));
  },
});

/** How many requests have come to an outcome. */
async function requestsOf({ switchboard }: LoopbackServer, outcome: string): Promise<number> {
  const samples = samplesOf(await switchboard.metrics());
  return samples.get(`switchboard_webhook_requests_total{outcome="${outcome}"}`) ?? 0;
}

async function untilRequests(server: LoopbackServer, outcome: string, count: number): Promise<void> {
  for (const endMs = performance.now() + DEADLINE_MS; await requestsOf(server, outcome) < count;) {
    assert.ok(performance.now() < endMs, `${count} requests are not ${outcome}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const SICK: Readonly<Record<string, Behaviour>> = {
  "stalls": stall,
  "answers a byte at a time": trickle(100),
  "answers without end": sayForever("HTTP/1.1 500 No\r\n\r\n", "x".repeat(10_000)),
  "hangs up": hangUp,
  "fails": answer(503),
};

Deno.test({
  name: "B506, B509, B512: receivers that fail, stall, are slow and lie delay neither media nor another receiver",
  permissions: PERMISSIONS,
  async fn() {
    const sick = Object.values(SICK).map((behaviour) => Object.assign(new WebhookReceiver(), { behaviour }));
    const [closed, well, inside] = [new WebhookReceiver(), new WebhookReceiver(), new WebhookReceiver()];
    const redirecting = Object.assign(new WebhookReceiver(), {
      behaviour: answer(302, `Location: ${inside.url()}\r\nContent-Length: 0\r\n\r\n`),
    });
    const server = serverOf([...sick, redirecting, closed, well]);
    await closed[Symbol.asyncDispose]();
    try {
      const rooms = Array.from({ length: 12 }, (_, at) => `room ${at}`);
      for (const room of rooms) await visit(server.signalingUrl, room);
      await using alice = await WeriftClient.join(server.signalingUrl, "blue");
      await using bob = await WeriftClient.join(server.signalingUrl, "blue");
      const source = new MediaSource(alice, alice.publish("audio"));
      await alice.connect();
      const subscription = bob.subscribe("audio");
      await bob.connect();
      await source.flow(bob.streamOf(subscription), 100);
      await well.received.reach(4 * rooms.length + 6, "an event");
      for (const room of rooms) {
        assert.deepEqual(well.typesOf(room), ["room.started", "peer.joined", "peer.left", "room.ended"]);
      }
      const [stalled] = sick;
      await stalled.received.reach(8, "a request");
      assert.equal(Math.max(...stalled.received.entries.map(({ atOnce }) => atOnce)), 8);
      assert.equal(stalled.received.entries.length, 8, "no more are on their way than eight");
      await redirecting.received.reach(1, "a request");
      assert.equal(inside.received.entries.length, 0, "nobody is led elsewhere");
      await untilRequests(server, "delivered", well.received.entries.length);
      await untilRequests(server, "failed", 2);
      await untilRequests(server, "refused", 3);
      const samples = samplesOf(await server.switchboard.metrics());
      assert.ok((samples.get("switchboard_webhook_queued_events") ?? 0) > 300, "what is not taken waits");
    } finally {
      await server[Symbol.asyncDispose]();
      await Promise.all([...sick, redirecting, well, inside].map((receiver) => receiver[Symbol.asyncDispose]()));
    }
  },
});

Deno.test({
  name: "B507: a receiver that is gone is asked once, and another one for the same room goes on",
  permissions: PERMISSIONS,
  async fn() {
    await using gone = Object.assign(new WebhookReceiver(), { behaviour: answer(410) });
    await using other = new WebhookReceiver();
    await using server = serverOf([gone, other]);
    await visit(server.signalingUrl, "red");
    await gone.received.reach(1, "a request");
    await visit(server.signalingUrl, "red");
    await other.received.reach(8, "an event");
    assert.equal(gone.received.entries.length, 1);
  },
});

Deno.test({
  name: "B505: servers that share rooms tell each of its own peers, under the names that their /healthz has",
  permissions: PERMISSIONS,
  async fn() {
    await using receiver = new WebhookReceiver();
    const network = new MemoryBrokerNetwork();
    const webhooks = { urls: [receiver.url()], secret: WEBHOOK_SECRET, allowPrivate: true };
    await using first = new LoopbackServer({ bus: { broker: network.open() }, webhooks });
    await using second = new LoopbackServer({ bus: { broker: network.open() }, webhooks });
    for (const { signalingUrl } of [first, second]) await visit(signalingUrl, "blue");
    await receiver.received.reach(8, "an event");
    const told = receiver.received.entries.map(({ body }) => JSON.parse(body));
    for (const server of [first, second]) {
      const { bus } = await (await fetch(`${server.url}/healthz`)).json();
      const types = told.filter((event) => event.server === bus.node).map(({ type }) => type);
      assert.deepEqual(types, ["room.started", "peer.joined", "peer.left", "room.ended"]);
    }
  },
});

Deno.test({
  name: "B510: unless it is allowed nothing goes to this machine, by whatever name",
  permissions: PERMISSIONS,
  async fn() {
    await using receiver = new WebhookReceiver();
    const urls = ["127.0.0.1", "localhost"].map((host) => `https://${host}:${receiver.port}/`);
    await using server = new LoopbackServer({ webhooks: { urls, secret: WEBHOOK_SECRET } });
    await visit(server.signalingUrl, "red");
    await untilRequests(server, "address-refused", 2);
    assert.equal(receiver.received.entries.length, 0);
  },
});

Deno.test({
  name: "B511, B512: the server takes its webhooks from the environment, tells of its own end, and logs no secret",
  permissions: { ...SERVER_PERMISSIONS, net: [...SERVER_PERMISSIONS.net, "127.0.0.1"] },
  async fn() {
    await using receiver = new WebhookReceiver();
    await using gone = Object.assign(new WebhookReceiver(), { behaviour: answer(410) });
    const server = await ServerProcess.start({
      flags: ["--host=127.0.0.1", "--webhook-private"],
      env: { WEBHOOK: `${receiver.url("/north")},${gone.url("/south?east")}`, WEBHOOK_SECRET },
      log: "trace",
    });
    let exitCode: number | undefined;
    try {
      const socket = await SignalingSocket.open(`${server.url.replace("http", "ws")}/ws`);
      socket.send({ type: "join", roomId: "blue" });
      await receiver.received.reach(2, "an event");
      await gone.received.reach(1, "a request");
    } finally {
      exitCode = await server.stop();
    }
    assert.equal(exitCode, 0);
    assert.deepEqual(receiver.typesOf("blue"), ["room.started", "peer.joined", "peer.left", "room.ended"]);
    assert.equal(JSON.parse(receiver.received.entries[2].body).data.reason, "server-closing");
    assert.ok(receiver.received.entries.every((request) => isSigned(request)));
    assert.match(server.log, /switchboard\.webhook .*wants no events any more/);
    for (const secret of ["north", "south", "east", WEBHOOK_SECRET.slice(6)]) {
      assert.ok(!server.log.includes(secret), secret);
    }
  },
});

/** The receiver of docs/webhooks.md, on a port of this machine that it tells; `kill` ends it. */
async function startExample(folder: string) {
  const [, code] = /^```ts\n([^]*?)^```$/m.exec(await Deno.readTextFile(DOCS)) ?? [];
  const file = `${folder}/receiver.ts`;
  await Deno.writeTextFile(file, code.replace("port: 8080", 'port: 0, hostname: "127.0.0.1"'));
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-config", "--allow-env=WEBHOOK_SECRET", "--allow-net=127.0.0.1", file],
    env: { WEBHOOK_SECRET, NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text;
  };
  const reading = Promise.all([read(process.stdout), read(process.stderr)]);
  const until = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (const endMs = performance.now() + DEADLINE_MS; performance.now() < endMs;) {
      const match = pattern.exec(output);
      if (match !== null) return match;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`the example never says ${pattern}: ${output}`);
  };
  const stop = async () => {
    process.kill();
    await process.status;
    await reading;
  };
  return { until, stop, output: () => output };
}

Deno.test({
  name: "B505: the receiver of docs/webhooks.md takes what the server sends, once, and nothing that others do",
  permissions: { ...PERMISSIONS, read: [DOCS, FOLDER], write: [FOLDER], run: [Deno.execPath()] },
  async fn() {
    const folder = await Deno.makeTempDir({ dir: FOLDER });
    const example = await startExample(folder);
    try {
      const [, url] = await example.until(/(http:\/\/127\.0\.0\.1:\d+\/)/);
      await using copying = new WebhookReceiver();
      await using server = new LoopbackServer({
        webhooks: { urls: [url, copying.url()], secret: WEBHOOK_SECRET, allowPrivate: true },
      });
      await visit(server.signalingUrl, "blue");
      await example.until(/room\.started[^]*peer\.joined[^]*peer\.left[^]*room\.ended.*\n/);
      await copying.received.reach(4, "an event");
      const said = example.output();

      const [{ headers, body }] = copying.received.entries;
      const post = async (changed: Record<string, string>, text: string) => {
        const fields = Object.fromEntries([...headers].filter(([name]) => name.startsWith("webhook-")));
        const response = await fetch(url, { method: "POST", headers: { ...fields, ...changed }, body: text });
        await response.body?.cancel();
        return response.status;
      };
      assert.equal(await post({}, body), 204, "again, which changes nothing");
      assert.equal(await post({}, body.replace("blue", "grue")), 401);
      assert.equal(await post({ "webhook-id": "another" }, body), 401);
      assert.equal(await post({ "webhook-timestamp": "1614265330" }, body), 401);
      assert.equal(await post({ "webhook-signature": "v1,AAAA" }, body), 401);
      assert.equal(example.output(), said);
    } finally {
      await example.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
