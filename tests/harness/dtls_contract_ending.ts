import assert from "node:assert/strict";
import { ALERT, CLOSE_NOTIFY, FATAL, HANDSHAKE, WARNING } from "../../src/io/dtls/record.ts";
import type { DtlsTest } from "./dtls_backend.ts";
import { SERVER_HELLO } from "./dtls_datagrams.ts";
import { beginsLastFlight, beginsWith, DEADLINE_MS, type PairOptions } from "./dtls_pair.ts";

/** How a session ends, by either side. */
export function ending(test: DtlsTest): void {
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

  test("B28: a sink that closes the session while it sends hears no more", async (make) => {
    const closing = (isMoment: (datagram: Uint8Array) => boolean, options: PairOptions = {}) => {
      const pair = make({
        ...options,
        losesDown(datagram) {
          if (isMoment(datagram)) pair.session.close();
          return false;
        },
      });
      return pair;
    };
    const first = closing(() => true);
    const complete = closing(beginsLastFlight);
    const refused = closing((datagram) => datagram[0] === ALERT, { profiles: [] });
    for (const pair of [first, complete, refused]) {
      await pair.connect();
      assert.deepEqual([pair.connected, pair.failed], [[], []]);
    }
    assert.equal(first.serverSent, 1);
  });

  for (const moment of ["connected", "data"] as const) {
    test(`B28: a sink that closes the session when it hears ${moment} hears no more`, async (make) => {
      const told: string[] = [];
      const pair = make({
        told(event) {
          told.push(event);
          if (event === moment) pair.session.close();
        },
      });
      await pair.connect();
      await pair.client.sendApplicationData(Uint8Array.of(1));
      await pair.client.sendApplicationData(Uint8Array.of(2));
      await pair.settle();
      assert.deepEqual(told, moment === "connected" ? ["connected"] : ["connected", "data"]);
      assert.equal(pair.client.closes, 1);
      assert.deepEqual(pair.failed, []);
    });
  }

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
