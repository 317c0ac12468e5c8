import assert from "node:assert/strict";
import {
  answer,
  type Behaviour,
  hangUp,
  say,
  sayForever,
  stall,
  trickle,
  WebhookReceiver,
} from "../../../tests/harness/webhook_receiver.ts";
import { createCertificate } from "../../io/dtls/certificate.ts";
import { createSender, type RequestResult, type SenderOptions } from "./sender.ts";

const permissions = { net: ["127.0.0.1"] } satisfies Deno.PermissionOptionsObject;
const NEVER = new AbortController().signal;
const BODY = JSON.stringify({ id: "s-1", type: "room.started", data: { roomId: "blue" } });
/** What a receiver has that takes its time. */
const SHORT_MS = 100;

function send(url: string, options: Partial<SenderOptions> = {}, failures = 0): Promise<RequestResult> {
  const request = { url: new URL(url), headers: { "webhook-id": "s-1" }, body: BODY, failures };
  return createSender({ allowPrivate: true, ...options })(request, NEVER);
}

/** What one request comes to at a receiver that behaves so. */
async function outcomeAt(behaviour: Behaviour, options: Partial<SenderOptions> = {}): Promise<string> {
  await using receiver = new WebhookReceiver();
  receiver.behaviour = behaviour;
  const { outcome, reason } = await send(receiver.url(), options);
  // One that was given up in time may not have come.
  assert.ok(receiver.received.entries.length <= 1, "one request and no other");
  return `${outcome}: ${reason}`;
}

Deno.test({
  name: "B505: a request is a POST of JSON, with the path and the query of its URL",
  permissions,
  async fn() {
    await using receiver = new WebhookReceiver();
    assert.deepEqual(await send(receiver.url("/a/b?c=d%20e&f")), {
      outcome: "delivered",
      reason: "the answer has status 204",
    });
    const [{ path, headers, body }] = receiver.received.entries;
    assert.deepEqual([path, body], ["/a/b?c=d%20e&f", BODY]);
    assert.deepEqual(Object.fromEntries(headers), {
      "connection": "close",
      "content-length": `${BODY.length}`,
      "content-type": "application/json",
      "host": `127.0.0.1:${receiver.port}`,
      "user-agent": "Switchboard",
      "webhook-id": "s-1",
    });
  },
});

const STATUS = "HTTP/1.1 200 OK\r\n";
const HEADER = `X-Long: ${"x".repeat(8000)}\r\n`;

const OUTCOMES: readonly (readonly [string, Behaviour, string])[] = [
  ["answers 200", answer(200), "delivered: the answer has status 200"],
  ["answers 500", answer(500), "refused: the answer has status 500"],
  ["answers 404", answer(404), "refused: the answer has status 404"],
  ["answers 410", answer(410), "gone: the answer has status 410"],
  [
    "sends elsewhere",
    answer(307, "Location: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"),
    "refused: the answer has status 307",
  ],
  ["wants another protocol", answer(101, "Upgrade: websocket\r\n\r\n"), "refused: the answer has status 101"],
  ["has hints first", say(`HTTP/1.1 103 Early Hints\r\n\r\n${STATUS}\r\n`), "delivered: the answer has status 200"],
  ["lies about its length", answer(200, "Content-Length: 10000000\r\n\r\nx"), "delivered: the answer has status 200"],
  ["sends a body without end", sayForever(`${STATUS}\r\n`, "x".repeat(9999)), "delivered: the answer has status 200"],
  ["sends headers without end", sayForever(STATUS, HEADER), "delivered: the answer has status 200"],
  [
    "sends hints without end",
    sayForever("HTTP/1.1 103 Early Hints\r\n", HEADER),
    "failed: the answer has no status within 65536 bytes",
  ],
  ["is no HTTP server", say("SSH-2.0-OpenSSH_9.2\r\n"), "failed: the answer is no HTTP"],
  ["hangs up", hangUp, "failed: the connection has ended before there was an answer"],
  ["hangs up within the status", say("HTTP/1.1 2"), "failed: the connection has ended before there was an answer"],
];

for (const [what, behaviour, expected] of OUTCOMES) {
  Deno.test({
    name: `B509: a receiver that ${what}: ${expected}`,
    permissions,
    async fn() {
      assert.equal(await outcomeAt(behaviour), expected);
    },
  });
}

for (const [what, behaviour] of [["stalls", stall], ["sends a byte at a time", trickle(20)]] as const) {
  Deno.test({
    name: `B509: a receiver that ${what} is given up in time`,
    permissions,
    async fn() {
      const expected = `timed-out: there is no answer within ${SHORT_MS} ms`;
      assert.equal(await outcomeAt(behaviour, { timeoutMs: SHORT_MS }), expected);
    },
  });
}

Deno.test({
  name: "B509: a name that is not looked up in time is given up",
  permissions: "none",
  async fn() {
    const never = Promise.withResolvers<string[]>();
    const { outcome } = await send("http://receiver.example/", { resolve: () => never.promise, timeoutMs: SHORT_MS });
    assert.equal(outcome, "timed-out");
    never.resolve([]);
  },
});

Deno.test({
  name: "B509: who does not listen, and a name without an address, are told as such",
  permissions,
  async fn() {
    const receiver = new WebhookReceiver();
    const url = receiver.url();
    await receiver[Symbol.asyncDispose]();
    assert.match((await send(url)).reason, /refused/i);
    const unknown = await send("https://receiver.example/", { resolve: () => Promise.reject(new Error("ENOTFOUND")) });
    assert.deepEqual(unknown, { outcome: "failed", reason: "ENOTFOUND" });
    const empty = await send("https://receiver.example/", { resolve: () => Promise.resolve([]) });
    assert.deepEqual(empty, { outcome: "failed", reason: "the name has no address" });
  },
});

Deno.test({
  name: "B509: https is for who shows a certificate of that name which is trusted, whatever address the name has",
  permissions,
  async fn() {
    const certificate = createCertificate(Date.now(), ["receiver.example", "127.0.0.1"]);
    await using receiver = new WebhookReceiver(certificate);
    const resolve = () => Promise.resolve(["127.0.0.1"]);
    const trusted = { caCertificate: certificate.certPem, resolve };
    for (const host of ["receiver.example", "127.0.0.1"]) {
      assert.equal((await send(receiver.url("/", host), trusted)).outcome, "delivered", host);
    }
    const [strangers, other] = [
      await send(receiver.url("/", "receiver.example"), { resolve }),
      await send(receiver.url("/", "other.example"), trusted),
    ];
    assert.deepEqual([strangers.outcome, other.outcome], ["failed", "failed"]);
    assert.match(strangers.reason, /UnknownIssuer/);
    assert.match(other.reason, /NotValidForName|not valid for name/i);
    assert.equal(receiver.received.entries.length, 2, "nothing is told to who is not trusted");
  },
});

Deno.test({
  name: "B510: nothing goes to an address that is not public, be it in the URL or one of several that a name has",
  permissions,
  async fn() {
    await using receiver = new WebhookReceiver();
    const hosts = ["127.0.0.1", "127.1", "0x7f000001", "[::ffff:127.0.0.1]", "0.0.0.0"];
    for (const host of hosts) {
      const { outcome, reason } = await send(receiver.url("/", host), { allowPrivate: false });
      assert.equal(outcome, "address-refused", host);
      assert.match(reason, /which is not of the public internet$/);
    }
    for (const addresses of [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["fe80::1"], ["::ffff:10.0.0.1"]]) {
      const resolve = () => Promise.resolve(addresses);
      const { outcome } = await send(receiver.url("/", "receiver.example"), { allowPrivate: false, resolve });
      assert.equal(outcome, "address-refused", addresses.join());
    }
    assert.equal(receiver.received.entries.length, 0);
  },
});

Deno.test({
  name: "B510: a request goes to the address that was looked at, and the name is asked for once",
  permissions,
  async fn() {
    await using receiver = new WebhookReceiver();
    const asked: string[] = [];
    // The system's resolver knows no such name: nobody else is asked for it.
    const resolve = (name: string) => {
      asked.push(name);
      return Promise.resolve(["127.0.0.1"]);
    };
    const { outcome } = await send(receiver.url("/", "receiver.invalid"), { resolve });
    assert.deepEqual([outcome, asked], ["delivered", ["receiver.invalid"]]);
    assert.equal(receiver.received.entries[0].headers.get("host"), `receiver.invalid:${receiver.port}`);
  },
});

Deno.test({
  name: "B510: a name with several addresses is tried at the next one after each failure",
  permissions: { net: ["127.0.0.1", "127.0.0.2"] },
  async fn() {
    await using receiver = new WebhookReceiver();
    const resolve = () => Promise.resolve(["127.0.0.2", "127.0.0.1"]);
    const outcomes = [];
    for (let failures = 0; failures < 4; failures++) {
      outcomes.push((await send(receiver.url("/", "receiver.example"), { resolve }, failures)).outcome);
    }
    assert.deepEqual(outcomes, ["failed", "delivered", "failed", "delivered"]);
  },
});

Deno.test({
  name: "a request ends where the server does",
  permissions,
  async fn() {
    await using receiver = new WebhookReceiver();
    receiver.behaviour = stall;
    const end = new AbortController();
    const request = { url: new URL(receiver.url()), headers: {}, body: BODY, failures: 0 };
    const result = createSender({ allowPrivate: true })(request, end.signal);
    await receiver.received.reach(1, "a request");
    end.abort();
    assert.equal((await result).outcome, "failed");
  },
});
