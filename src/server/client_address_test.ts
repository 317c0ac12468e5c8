import assert from "node:assert/strict";
import fc from "fast-check";
import { clientAddressFinder, isProxy, type TrustedProxies } from "./client_address.ts";

const SEED = 242;

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const find = (trusted: TrustedProxies, forwardedFor: string | undefined, connected = "10.0.0.1") =>
  clientAddressFinder(trusted)(forwardedFor, connected);

test("B242: without trusted proxies the client is who is connected, whatever X-Forwarded-For says", () => {
  assert.equal(find(0, "192.0.2.1"), "10.0.0.1");
  assert.equal(find([], "192.0.2.1"), "10.0.0.1");
  assert.equal(find(0, undefined), "10.0.0.1");
});

test("B242: of so many proxies the last entries count, and what the client wrote before them does not", () => {
  assert.equal(find(1, "203.0.113.9, 192.0.2.1"), "192.0.2.1");
  assert.equal(find(2, "203.0.113.9, 192.0.2.1, 10.0.0.2"), "192.0.2.1");
  assert.equal(find(3, "192.0.2.1,10.0.0.2"), "192.0.2.1", "there are fewer");
  assert.equal(find(1, undefined), "10.0.0.1");
});

test("B242: of proxies by address those entries count that these have added, up to the first stranger", () => {
  const trusted = ["10.0.0.0/8", "2001:db8::/32", "127.0.0.1"];
  assert.equal(find(trusted, "203.0.113.9, 192.0.2.1, 10.9.9.9"), "192.0.2.1");
  assert.equal(find(trusted, "192.0.2.1", "11.0.0.1"), "11.0.0.1", "a stranger is connected");
  assert.equal(find(trusted, "2001:db8:9::1, 192.0.2.1", "2001:db8::2"), "192.0.2.1");
  assert.equal(find(trusted, "2001:db9::1", "2001:db8:ffff::2"), "2001:db9::1");
  assert.equal(find(trusted, "192.0.2.1", "::ffff:127.0.0.1"), "192.0.2.1");
  assert.equal(find(trusted, "10.0.0.3, 10.0.0.2"), "10.0.0.3", "all are trusted");
  assert.equal(find(["192.0.2.128/25"], "203.0.113.1", "192.0.2.127"), "192.0.2.127");
  assert.equal(find(["192.0.2.128/25"], "203.0.113.1", "192.0.2.129"), "203.0.113.1");
  assert.equal(find(["0.0.0.0/0"], "2001:db8::1, 203.0.113.1"), "2001:db8::1");
});

test("B242: an entry may have a port, and one that is no address ends the search", () => {
  assert.equal(find(1, "192.0.2.1:4000"), "192.0.2.1");
  assert.equal(find(1, "[2001:db8::1]:4000"), "2001:db8::1");
  assert.equal(find(1, "[2001:db8::1]"), "2001:db8::1");
  for (const text of ["unknown", "_hidden", "", ",", "1.2.3", "300.0.0.1", "[::1", "192.0.2.1:x", "a:b:c", "::1:::"]) {
    assert.equal(find(1, text), "10.0.0.1", text);
    assert.equal(find(2, `192.0.2.1, ${text}`), "10.0.0.1", text);
  }
});

test(`B242: no text makes it throw, and what it finds is an address of the text or the one connected (seed ${SEED})`, () => {
  const finders = [0, 1, 9, ["0.0.0.0/0", "::/0"]].map(clientAddressFinder);
  const text = fc.oneof(
    fc.string(),
    fc.array(fc.oneof(fc.ipV4(), fc.ipV6(), fc.string())).map((entries) => entries.join(", ")),
  );
  fc.assert(
    fc.property(text, (forwardedFor) => {
      for (const finder of finders) {
        const client = finder(forwardedFor, "10.0.0.1");
        assert.ok(client === "10.0.0.1" || forwardedFor.includes(client));
      }
    }),
    { seed: SEED },
  );
});

test("B242: a proxy is an IP address or a prefix of some", () => {
  for (const text of ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "2001:db8::/128", "::1"]) {
    assert.equal(isProxy(text), true);
  }
  for (const text of ["", "proxy", "10.0.0.0/33", "10.0.0.0/", "::/129", "10.0.0.0/8/8", "10/8"]) {
    assert.equal(isProxy(text), false, text);
    assert.throws(() => clientAddressFinder([text]), TypeError);
  }
});
