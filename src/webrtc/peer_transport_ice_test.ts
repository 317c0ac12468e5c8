import assert from "node:assert/strict";
import { buildRtp } from "../../tests/harness/rtp_builder.ts";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { connectedTransport, type TransportSetup } from "../../tests/harness/transport_setup.ts";

const SEED = 7675;
/** Browsers ask for consent about so often (RFC 7675 section 5.1: 4 to 6 s; libwebrtc: 2.5 s). */
const CONSENT_INTERVAL_MS = 2_500;
const OLD = { hostname: "192.0.2.1", port: 4000 };
const NEW = { hostname: "192.0.2.1", port: 4001 };

/** Where a packet of media goes now. */
function mediaGoesTo({ transport, datagrams }: TransportSetup, sequenceNumber: number) {
  datagrams.take();
  const plain = buildRtp({ sequenceNumber });
  const slot = transport.beginRtp();
  assert.ok(slot);
  slot.set(plain.subarray(0, 12));
  transport.sendRtp(12, plain, 12, plain.length - 12);
  return datagrams.take().map(({ to }) => to);
}

Deno.test({
  name: "P29: while ICE restarts media goes on to the old address, and moves when the client nominates a new one",
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, connection, client, server, told } = setup;
    const restarted = connection.accept({ ...client.remoteParameters, ufrag: "other" });
    assert.ok(restarted?.restarted);
    assert.deepEqual(mediaGoesTo(setup, 1), [OLD], "before any check of the new generation");

    client.address = NEW;
    client.check(restarted, "controlling", false);
    assert.deepEqual(mediaGoesTo(setup, 2), [OLD], "a check that does not nominate");
    client.sendRtp(buildRtp({ sequenceNumber: 9 }));
    transport.endBatch(0);
    assert.deepEqual(told.splice(0), ["rtp 9"], "media is taken from the new address already");

    client.check(restarted);
    assert.deepEqual(mediaGoesTo(setup, 3), [NEW]);
    assert.deepEqual(told.splice(0), ["moved"]);

    client.address = OLD;
    client.check(server);
    assert.deepEqual(mediaGoesTo(setup, 4), [NEW], "the old generation nominates no more");
    client.check({ ufrag: restarted.ufrag, password: server.password });
    client.check({ ufrag: server.ufrag, password: restarted.password });
    assert.deepEqual(mediaGoesTo(setup, 5), [NEW], "nor does a mixture of both");
    assert.deepEqual(told, []);
  },
});

Deno.test({
  name: "P29: a restart that the client does not go through with is abandoned with its peer after 30 s, not before",
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, connection, client, server, told } = setup;
    connection.accept({ ...client.remoteParameters, ufrag: "other" });
    for (setup.nowMs = 10_000; setup.nowMs <= 60_000; setup.nowMs += 10_000) {
      client.check(server);
      transport.handleTimeout(setup.nowMs);
    }
    assert.deepEqual(mediaGoesTo(setup, 1), [OLD]);
    transport.handleTimeout(60_000 + 29_999);
    assert.deepEqual(told, []);
    transport.handleTimeout(60_000 + 30_000);
    assert.deepEqual(told, ["failed: no ICE connectivity check for 30 s"]);
  },
});

Deno.test({
  name: `B19: over 120 s of consent checks, half of which are lost, the transport changes no state (seed ${SEED})`,
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, client, server, told } = setup;
    const random = seededRandom(SEED);
    let lost = 0;
    for (setup.nowMs = 0; setup.nowMs <= 120_000; setup.nowMs += CONSENT_INTERVAL_MS) {
      transport.handleTimeout(setup.nowMs);
      if (random.uint32() < 2 ** 31) lost++;
      else client.check(server, "controlling", random.uint32() < 2 ** 31);
    }
    assert.ok(lost > 15, `${lost} lost`);
    assert.deepEqual(told, []);
    assert.equal(transport.connected, true);
  },
});

Deno.test({
  name: "B16: a client that says it is controlled gets 487, and neither the server's role nor its address changes",
  permissions: "none",
  fn() {
    const setup = connectedTransport();
    const { transport, client, server, datagrams, told } = setup;
    client.address = NEW;
    for (let attempt = 0; attempt < 3; attempt++) client.check(server, "controlled");
    // Binding error response; the class and number of the error stand in its first attribute (RFC 8489 section 14.8).
    for (const { bytes, to } of datagrams.take()) {
      assert.deepEqual([bytes[0], bytes[1], to], [0x01, 0x11, NEW]);
      assert.deepEqual([...bytes.subarray(20, 28)].slice(0, 2).concat([bytes[26], bytes[27]]), [0, 9, 4, 87]);
    }
    assert.deepEqual(mediaGoesTo(setup, 1), [OLD]);
    assert.deepEqual(told, []);
    assert.deepEqual(transport.remoteAddress, OLD);
  },
});

Deno.test({
  name: "B156: a transport claims its own ufrag from the start, and the new one at each restart",
  permissions: "none",
  fn() {
    const { connection, client, datagrams } = connectedTransport();
    assert.deepEqual(datagrams.ufrags, [connection.localUfrag]);
    connection.accept(client.remoteParameters);
    assert.equal(datagrams.ufrags.length, 1, "the same credentials are no restart");
    connection.restartIce("other", client.password);
    assert.deepEqual(datagrams.ufrags.slice(1), [connection.localUfrag]);
  },
});
