import assert from "node:assert/strict";
import fc from "fast-check";
import { seededRandom } from "../../tests/harness/seeded_random.ts";
import { writeUint16, writeUint32 } from "../rtp/bytes.ts";
import type { RemoteAddress } from "./datagram.ts";
import { type IceCredentials, IceGenerations } from "./ice_generations.ts";
import { ICE_TIMEOUT_MS, IceLite, MAX_VALIDATED_ADDRESSES } from "./ice_lite.ts";
import { BINDING_ERROR, BINDING_INDICATION, BINDING_REQUEST, BINDING_SUCCESS, StunMessage } from "./stun.ts";
import { type BindingRequest, writeBindingRequest } from "./stun_request.ts";
import { MAX_RESPONSE_LENGTH } from "./stun_response.ts";
import { beginMessage, endMessage, writeAscii, writeAttribute } from "./stun_writer.ts";

const SEED = 8445;

/** A client of one IceLite, with a clock of its own. */
class Client {
  readonly generations = new IceGenerations(seededRandom(SEED));
  readonly ice = new IceLite(this.generations.local, 0);
  readonly response = new Uint8Array(MAX_RESPONSE_LENGTH);
  nowMs = 0;
  #transaction = 0;

  /** The server's credentials, as the last answer told them. */
  credentials(): IceCredentials {
    return this.generations.local;
  }

  /** The client offers other credentials than before. */
  restart(): void {
    this.generations.setRemote("one", "password one");
    this.generations.setRemote("two", `password ${++this.#transaction}`);
    this.ice.restart(this.generations.local);
  }

  /** Sends a check and returns the response, undefined where there is none. */
  check(from: RemoteAddress, to: IceCredentials = this.credentials(), changes: Partial<BindingRequest> = {}) {
    const buffer = new Uint8Array(200);
    const transactionId = new Uint8Array(12);
    writeUint32(transactionId, 0, ++this.#transaction);
    const request: BindingRequest = {
      transactionId,
      username: `${to.ufrag}:client`,
      password: to.password,
      priority: 0x6e7f1eff,
      role: "controlling",
      tieBreaker: [1, 2],
      ...changes,
    };
    return this.deliver(buffer, writeBindingRequest(buffer, request), from);
  }

  nominate(from: RemoteAddress, to: IceCredentials = this.credentials()) {
    return this.check(from, to, { useCandidate: true });
  }

  deliver(bytes: Uint8Array, length: number, from: RemoteAddress): StunMessage | undefined {
    const written = this.ice.handleDatagram(bytes, length, from, this.nowMs, this.response);
    if (written === 0) return undefined;
    const message = new StunMessage();
    assert.equal(message.parse(this.response, written), true);
    return message;
  }
}

function address(port: number): RemoteAddress {
  return { hostname: "192.0.2.7", port };
}

const A = address(1001);
const B = address(1002);

Deno.test({
  name: "B14: a valid request is answered with success under the server's password and its own transaction id",
  permissions: "none",
  fn() {
    const client = new Client();
    const response = client.check(A);
    assert.equal(response?.type, BINDING_SUCCESS);
    assert.equal(response.hasValidIntegrity(client.credentials().password), true);
    assert.deepEqual([...client.response.subarray(8, 20)], [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert.equal(client.ice.requests, 1);
    assert.equal(client.ice.rejected, 0);
  },
});

Deno.test({
  name: "B14: a request with a wrong or missing username or integrity gets no answer, is counted and changes nothing",
  permissions: "none",
  fn() {
    const client = new Client();
    const { ufrag, password } = client.credentials();
    const attempts: Partial<BindingRequest>[] = [
      { password: password.slice(1) },
      { password: "" },
      { username: "" },
      { username: ufrag },
      { username: `client:${ufrag}` },
      { username: `${ufrag.slice(1)}:client` },
      { username: `x${ufrag}:client` },
    ];
    for (const attempt of attempts) {
      assert.equal(client.check(A, undefined, { useCandidate: true, ...attempt }), undefined, JSON.stringify(attempt));
    }
    const bare = new Uint8Array(20);
    beginMessage(bare, BINDING_REQUEST, bare, 8);
    assert.equal(client.deliver(bare, 20, A), undefined);
    assert.equal(client.deliver(new Uint8Array(19), 19, A), undefined);
    assert.equal(client.ice.rejected, attempts.length + 2);
    assert.equal(client.ice.requests, 0);
    assert.equal(client.ice.selected, undefined);
    assert.equal(client.ice.isValidated(A), false);
    assert.equal(client.ice.nextTimeout(), ICE_TIMEOUT_MS);
  },
});

Deno.test({
  name: "B14: the ufrag behind the colon is not compared, so checks count before the offer and during a restart",
  permissions: "none",
  fn() {
    const client = new Client();
    const username = `${client.credentials().ufrag}:later`;
    assert.equal(client.check(A, undefined, { username })?.type, BINDING_SUCCESS);
    client.restart();
    const restarted = { username: `${client.credentials().ufrag}:unheard` };
    assert.equal(client.check(A, undefined, restarted)?.type, BINDING_SUCCESS);
  },
});

Deno.test({
  name: "B14: indications, responses and other methods are ignored, with a valid integrity too",
  permissions: "none",
  fn() {
    const client = new Client();
    const { ufrag, password } = client.credentials();
    const allocate = 0x0003;
    for (const type of [BINDING_INDICATION, BINDING_SUCCESS, BINDING_ERROR, allocate]) {
      const bytes = new Uint8Array(200);
      const username = `${ufrag}:client`;
      const offset = writeAttribute(bytes, beginMessage(bytes, type, bytes, 8), 0x0006, username.length);
      writeAscii(bytes, 24, username);
      assert.equal(client.deliver(bytes, endMessage(bytes, offset, password), A), undefined);
    }
    assert.equal(client.ice.requests + client.ice.rejected, 0);
    assert.equal(client.ice.isValidated(A), false);
  },
});

Deno.test({
  name: "B16: a client that says it is controlled gets 487, but only once it is authenticated",
  permissions: "none",
  fn() {
    const client = new Client();
    const controlled = { role: "controlled", useCandidate: true } as const;
    assert.equal(client.check(A, undefined, { ...controlled, password: "wrong" }), undefined);
    const response = client.check(A, undefined, controlled);
    assert.equal(response?.type, BINDING_ERROR);
    assert.equal(response.errorCode, 487);
    assert.equal(response.hasValidIntegrity(client.credentials().password), true);
    assert.equal(client.ice.selected, undefined);
    assert.equal(client.ice.isValidated(A), false);
    assert.equal(client.ice.rejected, 2);
  },
});

Deno.test({
  name: "B16: an authenticated request without PRIORITY gets 400, one with an unknown attribute 420",
  permissions: "none",
  fn() {
    const client = new Client();
    assert.equal(client.check(A, undefined, { priority: undefined })?.errorCode, 400);

    const { ufrag, password } = client.credentials();
    const bytes = new Uint8Array(200);
    const username = `${ufrag}:client`;
    let offset = writeAttribute(bytes, beginMessage(bytes, BINDING_REQUEST, bytes, 8), 0x0006, username.length);
    writeAscii(bytes, 24, username);
    offset = writeAttribute(bytes, offset, 0x7abc, 12);
    assert.equal(client.deliver(bytes, endMessage(bytes, offset, "wrong"), A), undefined);
    const response = client.deliver(bytes, endMessage(bytes, offset, password), A);
    assert.equal(response?.errorCode, 420);
    assert.equal(client.ice.requests, 0);
    assert.equal(client.ice.isValidated(A), false);
  },
});

Deno.test({
  name: "B17: before a nomination the first valid request selects the address, and no later one moves it",
  permissions: "none",
  fn() {
    const client = new Client();
    client.check(A);
    client.check(B);
    assert.deepEqual(client.ice.selected, A);
  },
});

Deno.test({
  name: "B17: the newest nomination selects the address, a plain check does not take it back",
  permissions: "none",
  fn() {
    const client = new Client();
    client.check(A);
    client.nominate(B);
    assert.deepEqual(client.ice.selected, B);
    client.check(A);
    assert.deepEqual(client.ice.selected, B);
    client.nominate(A);
    assert.deepEqual(client.ice.selected, A);
  },
});

Deno.test({
  name: "B17: the selected address stays what it was when the caller reuses its object",
  permissions: "none",
  fn() {
    const client = new Client();
    const reused = { hostname: "192.0.2.7", port: 1 };
    client.nominate(reused);
    reused.port = 2;
    assert.deepEqual(client.ice.selected, address(1));
    assert.equal(client.ice.isValidated(reused), false);
  },
});

Deno.test({
  name: "B18: the newest addresses of valid requests are validated, and the selected one however old it is",
  permissions: "none",
  fn() {
    const client = new Client();
    client.nominate(A);
    for (let i = 0; i < 3 * MAX_VALIDATED_ADDRESSES; i++) {
      client.check(address(2000 + i));
      // This one comes again and again, so it never gets old.
      client.check(B);
    }
    const first = 2000 + 3 * MAX_VALIDATED_ADDRESSES - (MAX_VALIDATED_ADDRESSES - 1);
    for (let i = 0; i < 3 * MAX_VALIDATED_ADDRESSES; i++) {
      assert.equal(client.ice.isValidated(address(2000 + i)), 2000 + i >= first, `${2000 + i}`);
    }
    assert.equal(client.ice.isValidated(B), true);
    assert.equal(client.ice.isValidated(A), true);
    assert.equal(client.ice.isValidated({ hostname: "192.0.2.8", port: A.port }), false);
  },
});

Deno.test({
  name: "B19: a peer expires 30 s after it was made or after its last valid request, and nothing else counts",
  permissions: "none",
  fn() {
    const client = new Client();
    assert.equal(client.ice.nextTimeout(), 30_000);
    assert.equal(client.ice.isExpired(29_999), false);
    assert.equal(client.ice.isExpired(30_000), true);

    client.nowMs = 20_000;
    client.check(A);
    client.nowMs = 25_000;
    client.check(A, undefined, { password: "wrong" });
    client.check(A, undefined, { role: "controlled" });
    client.deliver(new Uint8Array(20), 20, A);
    assert.equal(client.ice.lastRequestMs, 20_000);
    assert.equal(client.ice.nextTimeout(), 50_000);
    assert.equal(client.ice.isExpired(49_999), false);
    assert.equal(client.ice.isExpired(50_000), true);
  },
});

Deno.test({
  name: "B200, P29: after a restart the old credentials count until the client nominates by the new ones",
  permissions: "none",
  fn() {
    const client = new Client();
    const old = client.credentials();
    client.nominate(A, old);
    client.restart();

    client.nowMs = 10_000;
    assert.equal(client.check(A, old)?.hasValidIntegrity(old.password), true);
    assert.equal(client.ice.lastRequestMs, 10_000);
    assert.deepEqual(client.ice.selected, A);

    const renewed = client.credentials();
    assert.equal(client.check(B, renewed)?.hasValidIntegrity(renewed.password), true);
    assert.deepEqual(client.ice.selected, A, "media goes on to where it went until the client nominates");
    assert.equal(client.nominate(A, old)?.hasValidIntegrity(old.password), true, "consent for it goes on");
    assert.deepEqual(client.ice.selected, A);
    assert.equal(client.nominate(B, renewed)?.type, BINDING_SUCCESS);
    assert.deepEqual(client.ice.selected, B);
    assert.equal(client.ice.isValidated(A), true);
    const { lastRequestMs } = client.ice;
    client.nowMs = 20_000;
    assert.equal(client.nominate(A, old), undefined, "the wrong generation is ignored from now on");
    assert.deepEqual([client.ice.selected, client.ice.lastRequestMs], [B, lastRequestMs]);
  },
});

Deno.test({
  name: "B200: a check by the new credentials that leads to nothing leaves the old way open, for another restart too",
  permissions: "none",
  fn() {
    const client = new Client();
    const nominated = client.credentials();
    client.nominate(A, nominated);
    client.restart();
    const failing = client.credentials();
    assert.equal(client.check(B, failing)?.type, BINDING_SUCCESS);
    client.restart();
    assert.equal(client.check(B, failing), undefined, "two generations are held, not three");
    assert.equal(client.nominate(A, nominated)?.type, BINDING_SUCCESS);
    assert.deepEqual(client.ice.selected, A);
    assert.equal(client.nominate(B)?.type, BINDING_SUCCESS);
    assert.equal(client.check(A, nominated), undefined);
    assert.deepEqual(client.ice.selected, B);
  },
});

Deno.test({
  name: "B200: before any nomination a restart keeps the credentials by which the first check came",
  permissions: "none",
  fn() {
    const client = new Client();
    const first = client.credentials();
    client.check(A, first);
    client.restart();
    client.check(B);
    assert.equal(client.check(A, first)?.type, BINDING_SUCCESS);
    assert.deepEqual(client.ice.selected, A);
    client.nominate(B);
    assert.equal(client.check(A, first), undefined);
  },
});

Deno.test({
  name: "P29: restarts in a row keep the credentials in use, not those that no request has used",
  permissions: "none",
  fn() {
    const client = new Client();
    const used = client.credentials();
    client.nominate(A, used);
    client.restart();
    const unused = client.credentials();
    client.restart();
    assert.equal(client.check(A, unused), undefined);
    assert.equal(client.check(A, used)?.type, BINDING_SUCCESS);
    assert.equal(client.nominate(A)?.type, BINDING_SUCCESS);
    assert.equal(client.check(A, used), undefined);
  },
});

Deno.test({
  name: "P29: a password of one generation does not open the other",
  permissions: "none",
  fn() {
    const client = new Client();
    const old = client.credentials();
    client.nominate(A, old);
    client.restart();
    const renewed = client.credentials();
    assert.equal(client.check(B, { ufrag: renewed.ufrag, password: old.password }), undefined);
    assert.equal(client.check(B, { ufrag: old.ufrag, password: renewed.password }), undefined);
    assert.equal(client.ice.isValidated(B), false);
  },
});

Deno.test({
  name: `B14: no datagram throws, and without the password none is answered or validated (seed ${SEED})`,
  permissions: "none",
  fn() {
    const client = new Client();
    const template = new Uint8Array(200);
    const length = writeBindingRequest(template, {
      transactionId: new Uint8Array(12),
      username: `${client.credentials().ufrag}:client`,
      password: "a guess",
      priority: 1,
      useCandidate: true,
    });
    const edits = fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255)), { maxLength: 4 });
    fc.assert(
      fc.property(edits, fc.nat(length), fc.boolean(), (edits, cut, fixLength) => {
        const bytes = template.slice(0, length);
        for (const [at, value] of edits) bytes[at] = value;
        if (fixLength && cut >= 20) writeUint16(bytes, 2, cut - 20);
        assert.equal(client.deliver(bytes, cut, A), undefined);
      }),
      { seed: SEED, numRuns: 5000 },
    );
    assert.equal(client.ice.requests, 0);
    assert.equal(client.ice.isValidated(A), false);
  },
});
