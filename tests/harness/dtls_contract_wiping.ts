import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { prf } from "../../src/io/dtls/prf.ts";
import { ALERT, CLOSE_NOTIFY, WARNING } from "../../src/io/dtls/record.ts";
import type { TestClient } from "./dtls_client.ts";
import type { DtlsTest } from "./dtls_backend.ts";
import { beginsLastFlight } from "./dtls_pair.ts";
import { WipeSpy } from "./wipe_spy.ts";

/** Behind the numbers of the client's Finished and of its data. */
const NEXT_NUMBER = 10;
const KEY_LENGTH = 16;

/** What the client knows, and the server must not keep: the master secret, and the keys of records of both directions. */
function secretsOf({ socket }: TestClient): { readonly masterSecret: Buffer; readonly recordKeys: readonly Buffer[] } {
  const { localRandom, remoteRandom } = socket.cipher;
  const masterSecret = Buffer.from(socket.cipher.masterSecret);
  const seed = Buffer.concat([Buffer.from("key expansion"), remoteRandom.serialize(), localRandom.serialize()]);
  const block = prf("sha256", masterSecret, seed, 2 * KEY_LENGTH);
  return { masterSecret, recordKeys: [block.subarray(0, KEY_LENGTH), block.subarray(KEY_LENGTH)] };
}

/** What a session leaves in memory that is ours. */
export function wiping(test: DtlsTest): void {
  test("B210: the master secret is wiped once the handshake is complete, record keys are at close", async (make) => {
    const pair = make();
    using spy = new WipeSpy();
    await pair.connect();
    await pair.assertWorks();
    const { masterSecret, recordKeys } = secretsOf(pair.client);
    assert.ok(spy.count(masterSecret) > 0, "the master secret stays");
    const before = recordKeys.map((key) => spy.count(key));
    pair.session.close();
    for (const [index, key] of recordKeys.entries()) assert.ok(spy.count(key) > before[index], "a record key stays");
    await pair.settle();
    assert.equal(pair.client.closes, 1, "close_notify was sealed before");
  });

  test("B210: record keys are wiped when the client ends the session, and after our close_notify", async (make) => {
    const pair = make();
    using spy = new WipeSpy();
    await pair.connect();
    const { recordKeys } = secretsOf(pair.client);
    const before = recordKeys.map((key) => spy.count(key));
    pair.client.sendProtected(ALERT, NEXT_NUMBER, Uint8Array.of(WARNING, CLOSE_NOTIFY));
    await pair.settle();
    assert.equal(pair.failed.length, 1);
    assert.equal(pair.client.closes, 1);
    for (const [index, key] of recordKeys.entries()) assert.ok(spy.count(key) > before[index], "a record key stays");
  });

  test("B210: SRTP keys that nobody is told, as the session was closed meanwhile, are wiped", async (make) => {
    const pair = make({
      losesDown(datagram) {
        if (beginsLastFlight(datagram)) pair.session.close();
        return false;
      },
    });
    using spy = new WipeSpy();
    await pair.connect();
    assert.deepEqual(pair.connected, []);
    const keys = pair.client.srtpKeys("SRTP_AEAD_AES_128_GCM");
    for (const key of [keys.localKey, keys.remoteKey]) {
      // Once more than where the exported material is cut up.
      assert.ok(spy.count(Uint8Array.from(key)) > 1, "an SRTP key stays");
    }
  });
}
