import assert from "node:assert/strict";
import { iceLinks } from "./ice_links.ts";
import { turnServer } from "./turn.ts";

const TURN = { urls: ["turn:turn.example.org?transport=udp", "turns:turn.example.org"], secret: "north" };

Deno.test({
  name: "P62: TURN credentials are what a server with the same secret computes, and end when they say",
  permissions: "none",
  fn() {
    assert.deepEqual(turnServer({ ...TURN, lifetimeSeconds: 600 }, "peer-1", 1_700_000_000_999), {
      urls: TURN.urls,
      username: "1700000600:peer-1",
      // printf 1700000600:peer-1 | openssl dgst -sha1 -hmac north -binary | base64
      credential: "6CmlS3VJYdxqutc51Bdk18iLsZo=",
    });
  },
});

Deno.test({
  name: "P62: credentials are good for a day unless it is said otherwise, and differ from peer to peer",
  permissions: "none",
  fn() {
    const [one, other] = ["a", "b"].map((peerId) => turnServer(TURN, peerId, 0));
    assert.equal(one.username, "86400:a");
    assert.notEqual(one.credential, other.credential);
    assert.equal(iceLinks([one]).length, 2, "a Link header can carry them");
  },
});
