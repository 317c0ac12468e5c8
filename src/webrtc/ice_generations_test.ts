import assert from "node:assert/strict";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { IceGenerations } from "./ice_generations.ts";

Deno.test({
  name: "B15: local credentials are as long as RFC 8445 asks, and differ from peer to peer",
  permissions: "none",
  fn() {
    const random = seededRandom(1);
    const peers = Array.from({ length: 1000 }, () => new IceGenerations(random).local);
    assert.match(peers[0].ufrag, /^[0-9A-Za-z+/]{8}$/);
    assert.match(peers[0].password, /^[0-9A-Za-z+/]{24}$/);
    assert.equal(new Set(peers.map(({ ufrag }) => ufrag)).size, peers.length);
    assert.equal(new Set(peers.map(({ password }) => password)).size, peers.length);
  },
});

Deno.test({
  name: "P29: the first offer and a repeated one keep the local credentials, one with others makes new ones",
  permissions: "none",
  fn() {
    const ice = new IceGenerations(seededRandom(2));
    const { local } = ice;
    assert.equal(ice.setRemote("one", "password one"), "new");
    assert.equal(ice.setRemote("one", "password one"), "same");
    assert.deepEqual(ice.local, local);
    assert.equal(ice.setRemote("two", "password two"), "restart");
    assert.notEqual(ice.local.ufrag, local.ufrag);
    assert.notEqual(ice.local.password, local.password);
    assert.equal(ice.remote?.ufrag, "two");
    assert.equal(ice.setRemote("two", "password three"), "restart");
  },
});

Deno.test({
  name: "P56: a restart is under way until the client uses the new credentials, and those alone",
  permissions: "none",
  fn() {
    const ice = new IceGenerations(seededRandom(3));
    ice.setRemote("one", "password one");
    const old = ice.local.ufrag;
    assert.equal(ice.isRestarting, false);
    ice.setRemote("two", "password two");
    ice.handleUsed(old);
    assert.equal(ice.isRestarting, true);
    ice.handleUsed(ice.local.ufrag);
    assert.equal(ice.isRestarting, false);
  },
});
