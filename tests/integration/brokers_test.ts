import assert from "node:assert/strict";
import { brokerContract } from "../harness/broker_contract.ts";
import { withBrokerLog } from "../harness/broker_log.ts";
import { BrokerPair, HEALED_MS, hurried, openAt, withEachBroker } from "../harness/broker_pair.ts";
import { BROKER_KINDS, brokerPermissions, brokerProgram, BrokerServer } from "../harness/broker_server.ts";
import { Journal } from "../harness/journal.ts";
import { isMissing } from "../harness/missing_program.ts";
import { pause } from "../harness/pause.ts";

const ROUNDS = 10;

for (const kind of BROKER_KINDS) {
  brokerContract(`by ${kind}`, {
    permissions: brokerPermissions(kind),
    ignore: isMissing(brokerProgram(kind)),
    async open() {
      const server = await BrokerServer.start(kind);
      return {
        open: (limits) => openAt(server.url(), limits),
        takeAway: () => server.kill(),
        bringBack: () => server.restart(),
        holdUp: () => server.holdUp(),
        goOn: () => server.goOn(),
        close: () => server[Symbol.asyncDispose](),
      };
    },
  });
}

withEachBroker("B429: killed and started again ten times, it carries messages again within 5 s", async (server) => {
  await using pair = await BrokerPair.open(server.url());
  for (let round = 0; round < ROUNDS; round++) {
    await pair.hears();
    await server.kill();
    await pair.changes.reach(2 * round + 1, "gone");
    await server.restart();
    await pair.hears();
  }
  assert.equal(pair.to.counters.reconnects, ROUNDS);
});

withEachBroker("B429: held up for a while ten times, it goes on by the same connections", async (server) => {
  await using pair = await BrokerPair.open(server.url());
  for (let round = 0; round < ROUNDS; round++) {
    await pair.hears();
    server.holdUp();
    await pause(300);
    server.goOn();
    await pair.hears();
  }
  assert.deepEqual([pair.changes.entries, pair.to.counters.reconnects], [[], 0]);
});

withEachBroker(
  "B429: held up until it is given up ten times, it carries messages again when it goes on",
  async (server) => {
    await using pair = await BrokerPair.open(server.url(), { timers: hurried(10) });
    for (let round = 0; round < ROUNDS; round++) {
      await pair.hears();
      server.holdUp();
      await pair.changes.reach(2 * round + 1, "given up");
      // A few attempts, which the kernel takes, and nobody answers.
      await pause(500);
      server.goOn();
      await pair.changes.reach(2 * round + 2, "there again", HEALED_MS);
      await pair.hears();
    }
    assert.equal(pair.to.counters.reconnects, ROUNDS);
  },
);

withEachBroker("B427: where nothing listens at the start it is found when it comes", async (server) => {
  await withBrokerLog(async (lines) => {
    await using pair = await BrokerPair.open(server.url());
    assert.deepEqual([pair.to.isConnected, lines.entries.length], [false, 2]);
    assert.match(lines.entries[0], /^warning: \w+:\/\/127\.0\.0\.1:\d+ is away, trying again: .*refused/i);
    await server.restart();
    await pair.hears();
  });
}, { isAway: true });

Deno.test({
  name: "nats: B422: a message that the server does not take is refused and counted, told of once, and others go on",
  permissions: brokerPermissions("nats"),
  ignore: isMissing(brokerProgram("nats")),
  async fn() {
    await using server = await BrokerServer.start("nats", { maxPayload: 1000 });
    await withBrokerLog(async (lines) => {
      const broker = await openAt(server.url());
      const received = new Journal<number>();
      broker.subscribe("room.a", ({ length }) => received.add(length));
      for (let i = 0; i < 3; i++) assert.equal(broker.publish("room.a", new Uint8Array(1001)), false);
      assert.equal(broker.publish("room.a", new Uint8Array(1000)), true);
      await received.reach(1, "a message");
      assert.deepEqual([received.entries, broker.counters.dropped], [[1000], 3]);
      assert.equal(lines.entries.filter((line) => /complains/.test(line)).length, 1);
      await broker.close();
    });
  },
});
