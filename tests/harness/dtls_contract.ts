import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { ALERT, CLOSE_NOTIFY, FATAL, HANDSHAKE, WARNING } from "../../src/io/dtls/record.ts";
import type { DtlsFactory } from "../../src/webrtc/dtls.ts";
import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { inTwoFragments, mutate, plainAlert, seeded } from "./dtls_datagrams.ts";
import { beginsWith, CLIENT_CERTIFICATE, DtlsPair, type PairOptions } from "./dtls_pair.ts";

const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const FINISHED = 20;
const INTERNAL_ERROR = 80;
const DEADLINE_MS = 15_000;

/** What any DTLS backend must do. `makeFactory` gives a factory of its own to each test. */
export function dtlsContract(name: string, makeFactory: () => DtlsFactory, permissions: Deno.PermissionOptions): void {
  const test = (sentence: string, fn: (make: (options?: PairOptions) => DtlsPair) => Promise<void>) =>
    Deno.test({
      name: sentence.replace(/^(B\d+: )?/, `$1${name}: `),
      permissions,
      // A timer that a backend leaves behind keeps a session alive, and the process busy.
      sanitizeOps: true,
      sanitizeResources: true,
      fn: () => rejectsNothing(() => fn((options) => new DtlsPair(makeFactory(), options))),
    });
  connecting(test);
  refusing(test);
  losing(test);
  hardening(test);
  ending(test);
}

type Test = (sentence: string, fn: (make: (options?: PairOptions) => DtlsPair) => Promise<void>) => void;

/** Fails where a promise was rejected and nobody cared: in a server it would end the process. */
async function rejectsNothing(fn: () => Promise<void>): Promise<void> {
  const reasons: unknown[] = [];
  const note = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    reasons.push(event.reason);
  };
  globalThis.addEventListener("unhandledrejection", note);
  try {
    await fn();
    await setImmediate();
    assert.deepEqual(reasons, []);
  } finally {
    globalThis.removeEventListener("unhandledrejection", note);
  }
}

function connecting(test: Test): void {
  for (const profile of SRTP_PROFILE_PREFERENCE) {
    test(`both sides export the same keys for ${profile}`, async (make) => {
      const pair = make({ profiles: [profile] });
      await pair.connect();
      await pair.assertWorks();
      assert.equal(pair.connected[0].profile, profile);
    });
  }

  test("B20: the server's order of profiles counts, not the client's", async (make) => {
    const profiles: SrtpProfile[] = SRTP_PROFILE_PREFERENCE.toReversed();
    const pair = make({ profiles });
    await pair.connect();
    assert.equal(pair.connected[0].profile, SRTP_PROFILE_PREFERENCE[0]);
  });

  test("each side gets the certificate of the other", async (make) => {
    const pair = make();
    await pair.connect();
    assert.deepEqual(pair.connected[0].remoteCertificate, CLIENT_CERTIFICATE.der);
    assert.ok(pair.client.remoteCertificate);
  });

  for (const order of ["in order", "in the wrong order"]) {
    test(`a ClientHello in two datagrams ${order} is taken`, async (make) => {
      const pair = make({
        carryUp: (datagram) => {
          if (!beginsWith(datagram, CLIENT_HELLO)) return [datagram];
          const halves = inTwoFragments(datagram);
          return order === "in order" ? halves : halves.toReversed();
        },
      });
      await pair.connect();
      await pair.assertWorks();
    });
  }

  test("no timeout is wanted once connected", async (make) => {
    const pair = make();
    await pair.connect();
    assert.equal(pair.session.nextTimeout(), Infinity);
    pair.session.handleTimeout(pair.nowMs + DEADLINE_MS);
    await pair.assertWorks();
  });
}

function refusing(test: Test): void {
  test("B21: a client that signs with another key than its certificate's is refused", async (make) => {
    const pair = make({ keyPem: createCertificate(Date.UTC(2027, 0, 1)).keyPem });
    await pair.connect();
    pair.assertRefused();
  });

  test("B21: a client whose Finished does not fit the handshake is refused", async (make) => {
    const pair = make();
    pair.client.socket.cipher.verifyData = (handshake) =>
      Buffer.from(createHash("sha256").update(handshake).digest()).subarray(0, 12);
    await pair.connect();
    pair.assertRefused();
  });

  test("B21: a Finished that is not encrypted does not complete the handshake", async (make) => {
    const pair = make();
    pair.client.socket.cipher.encryptPacket = (packet) => {
      packet.recordLayerHeader.epoch = 0;
      return packet;
    };
    await pair.connect();
    assert.ok(pair.clientSent.some((datagram) => beginsWith(datagram, FINISHED)));
    assert.deepEqual(pair.connected, []);
  });

  test("B20: a client that offers no SRTP profile is refused", async (make) => {
    const pair = make({ profiles: [] });
    await pair.connect();
    pair.assertRefused();
  });

  test("B22: a fatal alert of the client ends the handshake", async (make) => {
    const pair = make({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) });
    await pair.connect();
    pair.session.handleDatagram(plainAlert(FATAL, INTERNAL_ERROR), pair.nowMs);
    pair.assertRefused();
  });
}

function losing(test: Test): void {
  test("B23: a lost ServerHello flight is sent again when its timeout is due", async (make) => {
    let lost = 0;
    const pair = make({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) && lost++ === 0 });
    await pair.connect();
    assert.equal(pair.connected.length, 0);
    pair.expire();
    await pair.settle();
    await pair.assertWorks();
  });

  test("B23: the ServerHello flight is sent again when the client's answer is lost", async (make) => {
    let lose = false;
    const pair = make({
      losesDown: (datagram) => {
        lose ||= beginsWith(datagram, SERVER_HELLO);
        return false;
      },
      carryUp: (datagram) => lose ? [] : [datagram],
    });
    await pair.connect();
    assert.equal(pair.connected.length, 0);
    const sent = pair.serverSent;
    pair.expire();
    assert.ok(pair.serverSent > sent);
  });

  test("B23: a repeated Finished is answered with the last flight, and connected is told once", async (make) => {
    let lose = true;
    const pair = make({ losesDown: (datagram) => lose && pair.connected.length + Number(isLastFlight(datagram)) > 0 });
    await pair.connect();
    assert.equal(pair.connected.length, 1);
    assert.equal(pair.client.connections, 0);
    lose = false;
    pair.client.resend();
    await pair.settle();
    await pair.assertWorks();
  });

  test("a client that sends everything twice connects once", async (make) => {
    const pair = make({ carryUp: (datagram) => [datagram, datagram] });
    await pair.connect();
    await pair.assertWorks();
  });

  test("a client whose answer arrives in the wrong order connects when it repeats it", async (make) => {
    const held: Uint8Array[] = [];
    const pair = make({
      carryUp: (datagram) => {
        if (pair.client.socket.dtls.flight < 5 || held.length >= 5) return [datagram];
        held.unshift(datagram);
        return held.length === 5 ? held : [];
      },
    });
    await pair.connect();
    await pair.persist(50);
    await pair.assertWorks();
  });

  for (let seed = 1; seed <= 10; seed++) {
    test(`a handshake survives the loss of a fifth of all datagrams, seed ${seed}`, async (make) => {
      const random = seeded(seed);
      const lost = () => random(5) === 0;
      const handshaking = () => pair.client.connections === 0;
      const pair = make({
        losesDown: () => handshaking() && lost(),
        carryUp: (datagram) => handshaking() && lost() ? [] : [datagram],
      });
      await pair.connect();
      await pair.persist(100);
      await pair.assertWorks();
    });
  }

  test("B24: a handshake that is not complete 15 s after the session's creation has failed", async (make) => {
    const silent = make();
    const stuck = make({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) });
    await stuck.connect();
    for (const pair of [silent, stuck]) {
      const startMs = pair.nowMs;
      for (let n = 0; n < 100 && pair.failed.length === 0; n++) pair.expire();
      assert.equal(pair.nowMs - startMs, DEADLINE_MS);
      assert.match(pair.failed[0], /timed out/);
      assert.equal(pair.session.nextTimeout(), Infinity);
      pair.assertRefused();
    }
  });
}

function isLastFlight(datagram: Uint8Array): boolean {
  return datagram[0] === 20;
}

function hardening(test: Test): void {
  test("B25: garbage and cut datagrams neither throw nor stop a later handshake", async (make) => {
    const recorded = make();
    await recorded.connect();
    const random = seeded(7);
    const pair = make();
    const feed = (bytes: Uint8Array) => pair.session.handleDatagram(bytes, pair.nowMs);
    for (let length = 0; length <= 64; length++) {
      for (let type = 20; type < 24; type++) {
        const garbage = Uint8Array.from({ length }, () => random(256));
        feed(garbage);
        // The same with a head that looks like DTLS.
        garbage.set([type, 0xfe, 0xfd].slice(0, length));
        feed(garbage);
      }
    }
    for (const datagram of recorded.clientSent) {
      for (let length = 0; length < datagram.length; length++) feed(datagram.subarray(0, length));
    }
    await pair.connect();
    await pair.assertWorks();
  });

  test("B25: mutations of another session's handshake neither throw nor connect", async (make) => {
    const recorded = make();
    await recorded.connect();
    for (let seed = 1; seed <= 20; seed++) {
      const random = seeded(seed);
      const pair = make();
      for (let n = 0; n < 100; n++) {
        const datagram = recorded.clientSent[random(recorded.clientSent.length)];
        pair.session.handleDatagram(mutate(datagram, random), pair.nowMs);
      }
      assert.deepEqual(pair.connected, [], `seed ${seed}`);
    }
  });

  test("B25: a handshake with forged datagrams in between throws nothing and gives no wrong keys", async (make) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = seeded(seed);
      const pair = make({ carryUp: (datagram) => random(3) === 0 ? [mutate(datagram, random), datagram] : [datagram] });
      await pair.connect();
      assert.ok(pair.connected.length + pair.failed.length <= 1, `seed ${seed}`);
      if (pair.client.connections > 0) await pair.assertWorks();
    }
  });

  test("B26: after completion nothing that is not encrypted has an effect", async (make) => {
    const pair = make();
    await pair.connect();
    const sent = pair.serverSent;
    const hello = pair.clientSent[0];
    pair.session.handleDatagram(hello, pair.nowMs);
    pair.session.handleDatagram(plainAlert(FATAL, INTERNAL_ERROR), pair.nowMs);
    pair.session.handleDatagram(plainAlert(WARNING, CLOSE_NOTIFY), pair.nowMs);
    for (const datagram of pair.clientSent.slice(0, -1)) pair.session.handleDatagram(datagram, pair.nowMs);
    assert.equal(pair.serverSent, sent);
    await pair.assertWorks();
  });

  test("B26: after completion another client cannot begin", async (make) => {
    const pair = make();
    await pair.connect();
    const first = pair.client;
    pair.replaceClient();
    const sent = pair.serverSent;
    await pair.connect();
    assert.equal(pair.serverSent, sent);
    await first.sendApplicationData(Uint8Array.of(1, 2, 3));
    await pair.settle();
    assert.deepEqual(pair.received, [Uint8Array.of(1, 2, 3)]);
  });

  test("B27: a record that comes twice is taken once, and an altered one not at all", async (make) => {
    const random = seeded(11);
    const pair = make();
    await pair.connect();
    await pair.client.sendApplicationData(Uint8Array.of(1, 2, 3));
    const record = pair.clientSent[pair.clientSent.length - 1];
    for (let n = 0; n < 500; n++) {
      const mutant = mutate(record, random);
      // What follows a whole record may be dropped alone, and a byte may have got the value that it had.
      const whole = record.every((byte, index) => mutant[index] === byte);
      if (!whole) pair.session.handleDatagram(mutant, pair.nowMs);
    }
    assert.deepEqual(pair.received, []);
    await pair.settle();
    pair.session.handleDatagram(record, pair.nowMs);
    assert.deepEqual(pair.received, [Uint8Array.of(1, 2, 3)]);
    await pair.assertWorks();
  });
}

function ending(test: Test): void {
  test("B28: close tells the client, and nothing happens afterwards", async (make) => {
    const pair = make();
    await pair.connect();
    pair.session.close();
    await pair.settle();
    assert.equal(pair.client.closes, 1);
    const sent = pair.serverSent;
    pair.session.close();
    await pair.client.sendApplicationData(Uint8Array.of(1));
    pair.client.resend();
    await pair.settle();
    pair.session.handleTimeout(pair.nowMs + DEADLINE_MS);
    assert.equal(pair.session.nextTimeout(), Infinity);
    assert.equal(pair.serverSent, sent);
    assert.deepEqual([pair.received, pair.failed], [[], []]);
  });

  test("B28: close during the handshake sends nothing", async (make) => {
    const pair = make({ losesDown: (datagram) => beginsWith(datagram, SERVER_HELLO) });
    await pair.connect();
    const sent = pair.serverSent;
    pair.session.close();
    pair.client.resend();
    await pair.settle();
    pair.session.handleTimeout(pair.nowMs + DEADLINE_MS);
    assert.equal(pair.session.nextTimeout(), Infinity);
    assert.equal(pair.serverSent, sent);
    assert.deepEqual([pair.connected, pair.failed], [[], []]);
  });

  for (const [alert, level, description] of [["close_notify", WARNING, CLOSE_NOTIFY], ["fatal", FATAL, 80]] as const) {
    test(`B28: an encrypted ${alert} alert ends the session once`, async (make) => {
      const pair = make();
      await pair.connect();
      for (const sequenceNumber of [100, 101]) {
        pair.client.sendProtected(ALERT, sequenceNumber, Uint8Array.of(level, description));
      }
      await pair.settle();
      assert.deepEqual(pair.failed, ["closed by peer"]);
      const sent = pair.serverSent;
      pair.session.close();
      assert.equal(pair.serverSent, sent);
    });
  }

  test("B26: an encrypted ClientHello does not begin a new handshake", async (make) => {
    const pair = make();
    await pair.connect();
    const sent = pair.serverSent;
    const hello = pair.clientSent[0].subarray(13);
    pair.client.sendProtected(HANDSHAKE, 100, hello);
    await pair.settle();
    assert.equal(pair.connected.length, 1);
    assert.deepEqual(pair.failed, []);
    assert.ok(pair.serverSent <= sent + 1, "more than a refusal of the renegotiation");
  });
}
