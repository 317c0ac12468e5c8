import assert from "node:assert/strict";
import { createCertificate } from "../io/dtls/certificate.ts";
import { brokerTarget, BrokerUrlError } from "./broker_target.ts";

const PLAIN = { host: "broker", isEncrypted: false };
const { certPem: caCertificate } = createCertificate(Date.UTC(2027, 0, 1));

const read = (text: string, options: Parameters<typeof brokerTarget>[1] = {}) => brokerTarget(new URL(text), options);

Deno.test({
  name: "B432: a broker is told by protocol, host and port, which each protocol has one of",
  permissions: "none",
  fn() {
    assert.deepEqual(read("nats://broker"), { ...PLAIN, kind: "nats", port: 4222, name: "nats://broker:4222" });
    assert.deepEqual(read("redis://broker/"), { ...PLAIN, kind: "redis", port: 6379, name: "redis://broker:6379" });
    assert.deepEqual(read("tls://broker:1"), {
      ...PLAIN,
      kind: "nats",
      port: 1,
      isEncrypted: true,
      name: "tls://broker:1",
    });
    const { kind, isEncrypted, host, port, name } = read("rediss://[2001:db8::1]:7/3");
    assert.deepEqual([kind, isEncrypted, host, port, name], [
      "redis",
      true,
      "2001:db8::1",
      7,
      "rediss://[2001:db8::1]:7",
    ]);
  },
});

Deno.test({
  name: "B432: credentials are those of the URL, percent-encoded, or of the options, and stay out of the name",
  permissions: "none",
  fn() {
    const credentials = (...args: Parameters<typeof read>) => {
      const { username, password, token, name } = read(...args);
      assert.match(name, /^\w+:\/\/broker:\d+$/);
      return { ...(username && { username }), ...(password && { password }), ...(token && { token }) };
    };
    assert.deepEqual(credentials("nats://broker"), {});
    assert.deepEqual(credentials("nats://me:p%40ss%2F@broker"), { username: "me", password: "p@ss/" });
    assert.deepEqual(credentials("nats://s3cret@broker"), { token: "s3cret" });
    assert.deepEqual(credentials("nats://me:pass@broker", { token: "s3cret" }), { token: "s3cret" });
    assert.deepEqual(credentials("nats://broker", { username: "me", password: "pass" }), {
      username: "me",
      password: "pass",
    });
    assert.deepEqual(credentials("redis://:pass@broker"), { password: "pass" });
    assert.deepEqual(credentials("redis://me:pass@broker", { password: "newer" }), {
      username: "me",
      password: "newer",
    });
  },
});

Deno.test({
  name: "B432: a certificate authority is taken where it is a certificate, and has the broker prove who it is",
  permissions: "none",
  fn() {
    for (const text of ["nats://broker", "tls://broker", "rediss://broker"]) {
      const target = read(text, { caCertificate });
      assert.deepEqual([target.isEncrypted, target.caCertificate], [true, caCertificate]);
    }
  },
});

Deno.test({
  name: "B432: a URL by which no broker can be reached is refused with what is wrong, and without its secrets",
  permissions: "none",
  fn() {
    const refused: [string, RegExp, Parameters<typeof brokerTarget>[1]?][] = [
      ["http://me:s3cret@broker", /^http: is no broker's, but nats, tls, redis and rediss are$/],
      ["nats:broker", /^it names no host$/],
      ["nats://broker/subject", /^nothing but a port may stand behind the host$/],
      ["redis://broker/zero", /^nothing but a port/],
      ["redis://broker?db=1", /^nothing but a port/],
      ["tls://broker#there", /^nothing but a port/],
      ["nats://broker:0", /^no broker has port 0$/],
      ["nats://me:s3cret%@broker", /^a % in the credentials is to be written as %25$/],
      ["nats://:s3cret@broker", /^a password takes a username$/],
      ["redis://s3cret@broker", /^a username takes a password$/],
      ["redis://broker", /^Redis knows passwords, and no tokens$/, { token: "s3cret" }],
      ["redis://broker", /^a certificate authority is of no use with redis:, but with rediss:$/, { caCertificate }],
      ["rediss://broker", /^the certificate authority is no certificate in PEM$/, { caCertificate: "s3cret" }],
    ];
    for (const [text, message, options] of refused) {
      assert.throws(() => read(text, options), (error: Error) => {
        assert.ok(error instanceof BrokerUrlError && error.name === "BrokerUrlError", text);
        assert.match(error.message, message, text);
        return true;
      });
    }
  },
});
