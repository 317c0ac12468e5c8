import assert from "node:assert/strict";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { withBrokerLog } from "../harness/broker_log.ts";
import { BrokerPair, hurried, openAt, withEachBroker } from "../harness/broker_pair.ts";
import { BROKER_KINDS, brokerPermissions, brokerProgram, BrokerServer } from "../harness/broker_server.ts";
import { Journal } from "../harness/journal.ts";
import { isMissing } from "../harness/missing_program.ts";
import { pause } from "../harness/pause.ts";

const ACCOUNT = { username: "switchboard", password: "s3cret%of@ours" };
const LOGIN = "switchboard:s3cret%25of%40ours";

withEachBroker(
  "B428: one that refuses our credentials is told of once, tried again, and taken when it does not",
  async (server) => {
    await withBrokerLog(async (lines) => {
      await using pair = await BrokerPair.open(server.url(LOGIN.replace("ours", "yours")), { timers: hurried(10) });
      const [first] = lines.entries;
      assert.match(first, /^error: \w+:\/\/127\.0\.0\.1:\d+ refuses us, trying again: /);
      await pause(1000);
      assert.deepEqual([pair.to.isConnected, lines.entries.length], [false, 2]);
      assert.doesNotMatch(lines.entries.join(), /s3cret/);
      await server.kill();
      await server.restart({ account: { ...ACCOUNT, password: "s3cret%of@yours" } });
      await pair.hears();
    });
  },
  { account: ACCOUNT },
);

withEachBroker("B428: credentials are those of the URL or of the options", async (server) => {
  for (const [url, options] of [[server.url(LOGIN), {}], [server.url(), ACCOUNT]] as const) {
    const broker = await openAt(url, options);
    assert.equal(broker.isConnected, true);
    await broker.close();
  }
  await withBrokerLog(async () => {
    const stranger = await openAt(server.url());
    assert.equal(stranger.isConnected, false);
    await stranger.close();
  });
}, { account: ACCOUNT });

const CERTIFICATE = createCertificate(Date.now(), ["localhost", "127.0.0.1"]);
const { certPem: CA } = CERTIFICATE;

withEachBroker("B431: by TLS it is reached by name and by address, and carries long messages", async (server) => {
  for (const host of ["localhost", "127.0.0.1"]) {
    const broker = await openAt(server.url(LOGIN, host), { caCertificate: CA });
    assert.equal(broker.isConnected, true, host);
    const received = new Journal<Uint8Array>();
    broker.subscribe("room.a", (message) => received.add(message.slice()));
    const message = crypto.getRandomValues(new Uint8Array(60_000));
    for (let i = 0; i < 20; i++) assert.equal(broker.publish("room.a", message), true);
    await received.reach(20, "a message");
    assert.deepEqual(received.entries[19], message);
    await broker.close();
  }
}, { tls: CERTIFICATE, account: ACCOUNT });

withEachBroker(
  "B431: one that nobody vouches for, or for another name, is no broker of ours, and told of",
  async (server) => {
    const other = createCertificate(Date.now(), ["localhost"]).certPem;
    for (const options of [{}, { caCertificate: other }]) {
      await withBrokerLog(async (lines) => {
        const broker = await openAt(server.url(LOGIN, "localhost"), options);
        assert.equal(broker.isConnected, false);
        assert.match(lines.entries[0], /^warning: .* is away, trying again: .*certificate/i);
        await broker.close();
      });
    }
    await server.kill();
    const elsewhere = createCertificate(Date.now(), ["elsewhere.example"]);
    await server.restart({ tls: elsewhere, account: ACCOUNT });
    await withBrokerLog(async (lines) => {
      const broker = await openAt(server.url(LOGIN, "localhost"), { caCertificate: elsewhere.certPem });
      assert.equal(broker.isConnected, false);
      assert.match(lines.entries[0], /^warning: .* is away, trying again: .*(?:name|certificate)/i);
      await broker.close();
    });
  },
  { tls: CERTIFICATE, account: ACCOUNT },
);

/** What answers at the port of a broker: each text in turn, as soon as something has come, or at once the first. */
function stranger(...texts: readonly string[]): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answer = async (connection: Deno.TcpConn) => {
    const buffer = new Uint8Array(10_000);
    try {
      for (const text of texts) {
        await connection.write(new TextEncoder().encode(text));
        if (await connection.read(buffer) === null) break;
      }
    } finally {
      connection.close();
    }
  };
  const serve = async () => {
    for await (const connection of listener) await answer(connection);
  };
  serve();
  return listener;
}

const NATS_INFO = 'INFO {"server_id":"x","version":"2.9.0","proto":1,"max_payload":1048576}\r\n';
const STRANGERS: readonly (readonly [protocol: string, reason: RegExp, ...texts: string[]])[] = [
  ["nats", /it speaks another protocol/, "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ["nats", /it speaks another protocol/, "x".repeat(70_000)],
  ["nats", /no JSON/, "INFO {broken}\r\n"],
  ["nats", /closed/],
  ["nats", /closed/, NATS_INFO, "PONG\r\n", "PONG\r\nHTTP/1.1 400 Bad Request\r\n"],
  ["redis", /it speaks another protocol/, "HTTP/1.1 400 Bad Request\r\n\r\n"],
  ["redis", /ERR unknown command/, "-ERR unknown command 'HELLO'\r\n"],
  ["redis", /closed/],
  ["redis", /it speaks another protocol/, "%0\r\n", "+PONG\r\nHTTP/1.1 400 Bad Request\r\n"],
];

Deno.test({
  name: "B427: what answers at a broker's port and is none, at the start or later, is as one that is away",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    for (const [protocol, reason, ...texts] of STRANGERS) {
      await withBrokerLog(async (lines) => {
        const listener = stranger(...texts);
        const broker = await openAt(new URL(`${protocol}://127.0.0.1:${listener.addr.port}`));
        const told = await lines.find((line) => line.startsWith("warning"), `${protocol} ${texts}`);
        assert.match(told, /is away, trying again/);
        assert.match(told, reason);
        await broker.close();
        listener.close();
      });
    }
  },
});

Deno.test({
  name: "B431: nothing is said in the clear where TLS is asked for",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    const HANDSHAKE = 22;
    const requiring = NATS_INFO.replace("{", '{"tls_required":true,');
    for (
      const [protocol, greeting, heard] of [["tls", NATS_INFO, []], ["tls", requiring, [HANDSHAKE]], ["rediss", "", [
        HANDSHAKE,
      ]]] as const
    ) {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const opening = withBrokerLog(async () => {
        const broker = await openAt(new URL(`${protocol}://${LOGIN}@127.0.0.1:${listener.addr.port}`), {
          caCertificate: CA,
        });
        assert.equal(broker.isConnected, false);
        await broker.close();
      });
      const connection = await listener.accept();
      listener.close();
      await connection.write(new TextEncoder().encode(greeting));
      const first = new Uint8Array(1);
      const length = await connection.read(first) ?? 0;
      connection.close();
      assert.deepEqual([...first.subarray(0, length)], heard, protocol);
      await opening;
    }
  },
});

const DENO_JSON = new URL("../../deno.json", import.meta.url);

/** Runs a script by the permissions of a task that starts the server; what it writes on stderr. */
async function runByTask(task: "dev" | "start", script: string, args: readonly string[]): Promise<string> {
  const { tasks } = JSON.parse(await Deno.readTextFile(DENO_JSON));
  const [program, ...words] = String(tasks[task]).split(/\s+/).map((word) => word === "main.ts" ? script : word);
  assert.equal(program, "deno");
  const command = new Deno.Command(Deno.execPath(), { args: [...words, ...args], cwd: new URL(".", DENO_JSON) });
  const { success, stderr } = await command.output();
  const text = new TextDecoder().decode(stderr);
  return success ? text : `it failed: ${text}`;
}

for (const kind of BROKER_KINDS) {
  const permissions = brokerPermissions(kind);
  Deno.test({
    name: `${kind}: B434: the server's tasks allow all that it takes to reach a broker, with TLS and without`,
    permissions: {
      ...permissions,
      run: [...permissions.run, Deno.execPath()],
      read: [...permissions.read, DENO_JSON],
    },
    ignore: isMissing(brokerProgram(kind)),
    async fn() {
      const probe = "tests/harness/broker_probe.ts";
      await using plain = await BrokerServer.start(kind);
      await using secure = await BrokerServer.start(kind, { tls: CERTIFICATE, account: ACCOUNT });
      for (const task of ["dev", "start"] as const) {
        assert.equal(await runByTask(task, probe, [plain.url().href]), "");
        assert.equal(await runByTask(task, probe, [secure.url(LOGIN, "localhost").href, CA]), "");
      }
    },
  });
}
