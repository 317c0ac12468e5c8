import assert from "node:assert/strict";
import { isOrigin, originRule } from "./origins.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });

const allows = (allowed: readonly string[], origin: string, url = "http://sfu.example.org:3000/ws") =>
  originRule(allowed)(origin, new URL(url));

test("P84: where no origins are given the server's own page may, by host and port, and no other", () => {
  assert.equal(allows([], "http://sfu.example.org:3000"), true);
  assert.equal(allows([], "https://sfu.example.org:3000"), true, "TLS ends before the server");
  for (
    const origin of [
      "http://sfu.example.org",
      "http://sfu.example.org:3001",
      "http://example.org:3000",
      "http://sfu.example.org.evil.example:3000",
      "http://evil.example",
      "null",
      "",
      "sfu.example.org:3000",
      "ftp://sfu.example.org:3000",
      "chrome-extension://sfu.example.org:3000",
      "http://sfu.example.org:3000/",
      "http://sfu.example.org:3000, http://evil.example",
      "http://user@sfu.example.org:3000",
      "HTTP://SFU.EXAMPLE.ORG:3000",
    ]
  ) {
    assert.equal(allows([], origin), false, origin);
  }
});

test("P84: a port that needs no words is the same with and without them", () => {
  assert.equal(allows([], "https://sfu.example.org", "http://sfu.example.org/ws"), true);
  assert.equal(allows([], "https://sfu.example.org", "http://sfu.example.org:443/ws"), true);
  assert.equal(allows([], "http://sfu.example.org", "http://sfu.example.org:80/ws"), true);
  assert.equal(allows([], "http://[2001:db8::1]:3000", "http://[2001:db8:0::1]:3000/ws"), true);
});

test("P84: origins that are given may, each with its scheme and port, and the server's own only if it is one of them", () => {
  const allowed = ["https://app.example.org", "http://localhost:8080", "capacitor://localhost"];
  for (const origin of allowed) assert.equal(allows(allowed, origin), true, origin);
  for (
    const origin of [
      "http://app.example.org",
      "https://app.example.org:8443",
      "http://localhost",
      "capacitor://other",
      "http://sfu.example.org:3000",
      "null",
    ]
  ) {
    assert.equal(allows(allowed, origin), false, origin);
  }
});

test("P84: * is every origin, that of a file or a sandbox too", () => {
  for (const origin of ["https://evil.example", "null", ""]) assert.equal(allows(["*"], origin), true);
});

test("P84: what no browser writes as an origin is refused as a setting", () => {
  for (const text of ["*", "https://example.org", "http://[::1]:3000", "capacitor://localhost"]) {
    assert.equal(isOrigin(text), true, text);
  }
  for (
    const text of [
      "",
      "null",
      "example.org",
      "https://example.org/",
      "https://example.org:443",
      "https://Example.org",
      "https://*.example.org",
      "https://example.org/path",
      "https://",
    ]
  ) {
    assert.equal(isOrigin(text), false, text);
    assert.throws(() => originRule([text]), TypeError);
  }
});
