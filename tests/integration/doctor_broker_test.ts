import assert from "node:assert/strict";
import { probeBroker } from "../../src/doctor/probes/broker.ts";
import { BROKER_KINDS, brokerPermissions, brokerProgram, BrokerServer } from "../harness/broker_server.ts";
import { isMissing } from "../harness/missing_program.ts";

const ACCOUNT = { username: "switchboard", password: "right" };
const VERSIONS = { nats: /^NATS \d+\.\d+/, redis: /^Redis \d+\.\d+/ };

for (const kind of BROKER_KINDS) {
  Deno.test({
    name: `B480: a broker that takes us tells its version, one that refuses us is told from one that is away (${kind})`,
    permissions: brokerPermissions(kind),
    ignore: isMissing(brokerProgram(kind)),
    async fn() {
      await using server = await BrokerServer.start(kind, { account: ACCOUNT });
      const taken = await probeBroker({ url: server.url("switchboard:right") });
      assert.ok(taken.ok, JSON.stringify(taken));
      assert.match(taken.software, VERSIONS[kind]);
      const refused = await probeBroker({ url: server.url("switchboard:wrong") });
      assert.deepEqual([refused.ok, !refused.ok && refused.isRefusal], [false, true]);
      assert.equal(JSON.stringify(refused).includes("wrong@"), false);
      await server.kill();
      const away = await probeBroker({ url: server.url("switchboard:right") });
      assert.deepEqual([away.ok, !away.ok && away.isRefusal], [false, false]);
    },
  });
}
