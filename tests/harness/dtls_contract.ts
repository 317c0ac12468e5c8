import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createCertificate } from "../../src/io/dtls/certificate.ts";
import { CLIENT_HELLO, FINISHED } from "../../src/io/dtls/message.ts";
import { FATAL } from "../../src/io/dtls/record.ts";
import { SRTP_PROFILE_PREFERENCE, type SrtpProfile } from "../../src/webrtc/srtp/profile.ts";
import { type DtlsTest, type OpenedDtls, withPairs } from "./dtls_backend.ts";
import { delayed } from "./dtls_contract_delays.ts";
import { ending } from "./dtls_contract_ending.ts";
import { hardening } from "./dtls_contract_hardening.ts";
import { hostile } from "./dtls_contract_hostile.ts";
import { wiping } from "./dtls_contract_wiping.ts";
import { INTERNAL_ERROR, inTwoFragments, plainAlert, seeded, SERVER_HELLO } from "./dtls_datagrams.ts";
import { beginsLastFlight, beginsWith, CLIENT_CERTIFICATE, DEADLINE_MS, firstMessage } from "./dtls_pair.ts";

export interface DtlsContractOptions {
  readonly permissions: Deno.PermissionOptions;
  readonly ignore?: boolean;
  readonly open: () => OpenedDtls;
}

/** What any DTLS backend must do. */
export function dtlsContract(name: string, { permissions, ignore, open }: DtlsContractOptions): void {
  const test: DtlsTest = (sentence, fn) =>
    Deno.test({
      name: sentence.replace(/^(B\d+: )?/, `$1${name}: `),
      permissions,
      ignore,
      // A timer that a backend leaves behind keeps a session alive, and the process busy.
      sanitizeOps: true,
      sanitizeResources: true,
      fn: () => rejectsNothing(() => withPairs(open, fn)),
    });
  connecting(test);
  refusing(test);
  losing(test);
  delayed(test);
  hardening(test);
  hostile(test);
  ending(test);
  wiping(test);
}

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

function connecting(test: DtlsTest): void {
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

function refusing(test: DtlsTest): void {
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

function losing(test: DtlsTest): void {
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
    const pair = make({
      losesDown: (datagram) => lose && pair.connected.length + Number(beginsLastFlight(datagram)) > 0,
    });
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

  for (let seed = 1; seed <= 20; seed++) {
    test(`B23: a client's answer in any order completes the handshake without being repeated, seed ${seed}`, async (make) => {
      const ANSWER_LENGTH = 5;
      const random = seeded(seed);
      const held: Uint8Array[] = [];
      const pair = make({
        carryUp: (datagram) => {
          if (pair.client.socket.dtls.flight < 5 || held.length >= ANSWER_LENGTH) return [datagram];
          held.splice(random(held.length + 1), 0, datagram);
          return held.length === ANSWER_LENGTH ? held : [];
        },
      });
      await pair.connect();
      assert.equal(held.length, ANSWER_LENGTH);
      await pair.assertWorks();
    });
  }

  for (let seed = 1; seed <= 10; seed++) {
    test(`a handshake survives the loss of three datagrams in ten, both ways, seed ${seed}`, async (make) => {
      const random = seeded(seed);
      const lost = () => pair.client.connections === 0 && random(10) < 3;
      const arrived = new Set<string>();
      const pair = make({
        losesDown(datagram) {
          // werift's client agrees on other keys, with nobody, where it gets a flight again.
          const message = firstMessage(datagram);
          if (lost() || (message !== undefined && arrived.has(message))) return true;
          if (message !== undefined) arrived.add(message);
          return false;
        },
        carryUp: (datagram) => lost() ? [] : [datagram],
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
