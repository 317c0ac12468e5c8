import assert from "node:assert/strict";
import { RemotePeer } from "./remote_peer.ts";

Deno.test({
  name: "B410: a peer of another node is one of the room, that hears of it there, and B414: gives way there",
  permissions: "none",
  fn() {
    let replaced = 0;
    const peer = new RemotePeer({ id: "ada", name: "Ada", identity: "user 1" }, 3, () => replaced++);
    assert.deepEqual([peer.id, peer.name, peer.identity], ["ada", "Ada", "user 1"]);
    assert.deepEqual([peer.producers.size, peer.consumers.size], [0, 0]);
    peer.observer.peerLeft("ben");
    peer.forgetTrack();
    assert.equal(replaced, 0);
    peer.observer.replaced();
    assert.equal(replaced, 1);
  },
});
