import assert from "node:assert/strict";
import { LosableMedia } from "../../tests/harness/losable_media.ts";
import { joinConnected, NOTHING, setUp } from "../../tests/harness/switchboard_setup.ts";

Deno.test({
  name: "P110, B44: a peer whose media is lost has its time by the clock, and gives its socket back at once",
  permissions: "none",
  fn() {
    const setup = setUp();
    const { clock, connect, switchboard } = setup;
    using media = new LosableMedia(() => clock.now());
    const { peerId, token, endpoint, closed, socket } = joinConnected(setup);
    clock.advance(1000);
    media.lose(peerId);
    endpoint.handleClose(4003, true);
    assert.deepEqual([closed, socket.closed], [[4003], true]);
    const { peers, producers, sockets, sessions, timers } = switchboard.stats;
    assert.deepEqual([peers, producers, sockets, sessions, timers], [1, 0, 0, 0, 1]);
    clock.advance(20_000);
    const next = connect();
    const [welcome] = next.say({ type: "join", roomId: "room", resume: token });
    assert.ok(welcome.type === "welcome" && welcome.media === "new" && welcome.peerId === peerId);
    assert.deepEqual([switchboard.stats.sockets, switchboard.stats.timers], [1, 1]);
    media.lose(peerId);
    next.endpoint.handleClose(4003, true);
    clock.advance(29_900);
    assert.equal(switchboard.stats.peers, 1);
    clock.advance(200);
    assert.deepEqual(switchboard.stats, NOTHING);
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name:
    "P112, P16: a peer without media that can have none stays for a while, and the server closes in order with those away",
  permissions: "none",
  async fn() {
    const setup = setUp();
    const { clock, connect, switchboard } = setup;
    using media = new LosableMedia(() => clock.now());
    const [first, second] = [joinConnected(setup), joinConnected(setup)];
    for (const { peerId, endpoint } of [first, second]) {
      media.lose(peerId);
      endpoint.handleClose(4003, true);
    }
    setup.fail(new Error("no descriptor"));
    const next = connect();
    const [refusal] = next.say({ type: "join", roomId: "room", resume: first.token });
    assert.ok(refusal.type === "error" && refusal.code === "no-capacity");
    assert.deepEqual([next.closed, switchboard.stats.peers], [[1013], 2]);
    next.endpoint.handleClose(1013, true);
    const closing = switchboard.close();
    clock.advance(200);
    await closing;
    assert.deepEqual({ ...switchboard.stats, refusals: NOTHING.refusals }, NOTHING);
    assert.equal(clock.pendingCount, 0);
  },
});
