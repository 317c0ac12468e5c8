import assert from "node:assert/strict";
import { FOR_ROOM, SECRET, secretToken } from "../../tests/harness/tokens.ts";
import { DEFAULT_LIMITS } from "../signaling/limits.ts";
import { LiveOptions } from "./live_options.ts";

const OTHER_SECRET = "t".repeat(32);
const URL_OF_PAGE = new URL("https://a.example/");

Deno.test({
  name: "B521: limits, origins and ICE servers that change are what everybody sees who holds the old ones",
  permissions: "none",
  fn() {
    const live = new LiveOptions({ limits: { maxRooms: 5, maxPeers: 6 } });
    const { limits, allowsOrigin, iceServers } = live;
    assert.deepEqual(limits, { ...DEFAULT_LIMITS, maxRooms: 5, maxPeers: 6 });
    assert.deepEqual([allowsOrigin("https://b.example", URL_OF_PAGE), iceServers("p")], [false, []]);
    const server = { urls: ["stun:c.example"] };
    live.change({ limits: { maxRooms: 7 }, origins: ["https://b.example"], iceServers: [server] });
    assert.deepEqual(limits, { ...DEFAULT_LIMITS, maxRooms: 7 });
    assert.deepEqual([allowsOrigin("https://b.example", URL_OF_PAGE), iceServers("p")], [true, [server]]);
  },
});

Deno.test({
  name: "B520: options of no use change nothing",
  permissions: "none",
  fn() {
    const live = new LiveOptions({ limits: { maxRooms: 5 } });
    const limits = { maxRooms: 6 };
    for (
      const wrong of [
        { limits: { maxRooms: 0 } },
        { limits, origins: ["b.example"] },
        { limits, iceServers: [{ urls: ["no url"] }] },
        { limits, auth: { secret: "short" } },
        { limits, auth: { secret: SECRET } },
      ]
    ) {
      assert.throws(() => live.change(wrong), TypeError);
      assert.equal(live.limits.maxRooms, 5);
    }
    assert.throws(() => new LiveOptions({ auth: { secret: SECRET } }).change({}), TypeError);
  },
});

Deno.test({
  name: "B521: tokens by another secret are taken from then on, and those by the old one no more",
  permissions: "none",
  async fn() {
    const live = new LiveOptions({ auth: { secret: SECRET } });
    const [before, after] = [await secretToken(FOR_ROOM), await secretToken(FOR_ROOM, OTHER_SECRET)];
    const { tokens } = live;
    assert(tokens !== undefined);
    const results = async () => [(await tokens.verify(before)).ok, (await tokens.verifyOutlasted(after)).ok];
    assert.deepEqual(await results(), [true, false]);
    live.change({ auth: { secret: OTHER_SECRET } });
    assert.deepEqual(await results(), [false, true]);
  },
});
