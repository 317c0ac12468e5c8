import assert from "node:assert/strict";
import type { RemoteAddress } from "./datagram.ts";
import { IceLite } from "./ice_lite.ts";
import { writeBindingRequest } from "./stun_request.ts";
import { MAX_RESPONSE_LENGTH } from "./stun_response.ts";

const CREDENTIALS = { ufrag: "server12", password: "p".repeat(24) };
const A: RemoteAddress = { hostname: "192.0.2.1", port: 1000 };
const B: RemoteAddress = { hostname: "192.0.2.2", port: 1000 };

/** A TCP connection, as ICE sees it, from the host and port that A has for UDP. */
class Connection implements RemoteAddress {
  readonly transport = "tcp";
  readonly hostname = A.hostname;
  readonly port = A.port;
  isClosed = false;
}

function setUp() {
  const ice = new IceLite(CREDENTIALS, 0);
  const check = (from: RemoteAddress, useCandidate = false) => {
    const request = new Uint8Array(200);
    const length = writeBindingRequest(request, {
      transactionId: new Uint8Array(12),
      username: `${CREDENTIALS.ufrag}:client`,
      password: CREDENTIALS.password,
      priority: 1,
      role: "controlling",
      useCandidate,
    });
    assert.ok(ice.handleDatagram(request, length, from, 0, new Uint8Array(MAX_RESPONSE_LENGTH)) > 0);
  };
  return { ice, check, nominate: (from: RemoteAddress) => check(from, true) };
}

Deno.test({
  name: "B194: a nomination moves media from UDP to a TCP connection and back, and each is validated by itself",
  permissions: "none",
  fn() {
    const { ice, check, nominate } = setUp();
    const connection = new Connection();
    nominate(A);
    assert.equal(ice.isValidated(connection), false, "though it has the same host and port");
    nominate(connection);
    assert.equal(ice.selected, connection, "itself, since it stands for the connection");
    assert.equal(ice.isValidated(connection), true);
    assert.equal(ice.isValidated(new Connection()), false);
    check(A);
    assert.equal(ice.selected, connection);
    nominate(A);
    assert.deepEqual(ice.selected, A);
  },
});

Deno.test({
  name: "B194: where the selected TCP connection has ended the next valid request selects, nominated or not",
  permissions: "none",
  fn() {
    const { ice, check, nominate } = setUp();
    const connection = new Connection();
    nominate(connection);
    check(B);
    assert.equal(ice.selected, connection);
    connection.isClosed = true;
    assert.equal(ice.selected, connection, "nothing has come from elsewhere yet");
    check(B);
    assert.deepEqual(ice.selected, B);
    check(A);
    assert.deepEqual(ice.selected, B);
  },
});
