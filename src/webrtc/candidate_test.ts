import assert from "node:assert/strict";
import fc from "fast-check";
import { END_OF_CANDIDATES, hostCandidate, parseCandidate, tcpHostCandidate } from "./candidate.ts";

const SEED = 8839;
const HOST = "candidate:842163049 1 udp 2122260223 192.0.2.7 46154 typ host";

Deno.test({
  name: "B11: a candidate as Chromium writes it is parsed, its extensions aside",
  permissions: "none",
  fn() {
    const text = "candidate:842163049 1 UDP 1677729535 203.0.113.9 46154 typ srflx raddr 10.0.17.1 rport 33999 " +
      "generation 0 ufrag EsAw network-cost 999";
    assert.deepEqual(parseCandidate(text), {
      foundation: "842163049",
      component: 1,
      transport: "udp",
      priority: 1677729535,
      address: "203.0.113.9",
      port: 46154,
      type: "srflx",
    });
  },
});

Deno.test({
  name: "B11: TCP, IPv6, unknown types and a missing prefix are of the form of a candidate",
  permissions: "none",
  fn() {
    const tcp = parseCandidate("candidate:1 1 tcp 1518280447 2001:db8::1 9 typ host tcptype active generation 0");
    assert.equal(tcp?.transport, "tcp");
    assert.equal(tcp?.address, "2001:db8::1");
    assert.equal(parseCandidate("1 1 udp 1 192.0.2.7 9 typ quantum")?.type, "other");
    for (const type of ["host", "srflx", "prflx", "relay"]) {
      assert.equal(parseCandidate(HOST.replace("host", type))?.type, type);
    }
    assert.equal(parseCandidate(`${HOST} ufrag `)?.port, 46154);
  },
});

Deno.test({
  name: "B11: the address may be a name, as that of an mDNS candidate is",
  permissions: "none",
  fn() {
    for (const name of ["9b36eaac-bb2e-49bb-bb78-21c41c499900.local", "host.example", "local"]) {
      assert.equal(parseCandidate(HOST.replace("192.0.2.7", name))?.address, name);
    }
  },
});

Deno.test({
  name: "B11: what has not the form of a candidate is undefined",
  permissions: "none",
  fn() {
    const broken = [
      END_OF_CANDIDATES,
      "candidate:",
      `a=${HOST}`,
      HOST.replace("typ", "type"),
      HOST.replace(" typ host", ""),
      HOST.replace("842163049", "not-ice-chars"),
      HOST.replace("842163049", "1".repeat(33)),
      HOST.replace(" 1 udp", " 0 udp"),
      HOST.replace(" 1 udp", " 257 udp"),
      HOST.replace(" 1 udp", " 1 u(dp"),
      HOST.replace("2122260223", "0"),
      HOST.replace("2122260223", "2147483648"),
      HOST.replace("2122260223", "-1"),
      HOST.replace("46154", "65536"),
      HOST.replace("46154", "1e3"),
      HOST.replace("192.0.2.7", "192.0.2.256"),
      HOST.replace("192.0.2.7", "1::2::3"),
      HOST.replace("192.0.2.7", "a..b"),
      HOST.replace("192.0.2.7", ""),
      `${HOST} raddr`,
      `${HOST}\r\na=setup:active x`,
      `${HOST} x\r\na=setup:active y`,
      `${HOST} x ${"y".repeat(1024)}`,
    ];
    for (const text of broken) assert.equal(parseCandidate(text), undefined, JSON.stringify(text));
  },
});

Deno.test({
  name: "B12: host candidates have the priority of their order, and read back as they were written",
  permissions: "none",
  fn() {
    const first = hostCandidate({ foundation: "1", address: "192.0.2.1", port: 5000, order: 0 });
    const second = hostCandidate({ foundation: "2", address: "2001:db8::1", port: 5000, order: 1 });
    // RFC 8445 section 5.1.2.1: 126 * 2^24 + 65535 * 2^8 + 255, and 2^8 less for the next.
    assert.equal(first, "candidate:1 1 udp 2130706431 192.0.2.1 5000 typ host");
    assert.equal(second, "candidate:2 1 udp 2130706175 2001:db8::1 5000 typ host");
    assert.equal(parseCandidate(second)?.address, "2001:db8::1");
  },
});

Deno.test({
  name: "B190: passive TCP candidates have the priority of their order, below every UDP one, and are well formed",
  permissions: "none",
  fn() {
    const first = tcpHostCandidate({ foundation: "3", address: "192.0.2.1", port: 443, order: 0 });
    const second = tcpHostCandidate({ foundation: "4", address: "2001:db8::1", port: 443, order: 1 });
    // RFC 6544 section 4.2: 90 * 2^24 + (4 * 2^13 + 8191) * 2^8 + 255, and 2^8 less for the next.
    assert.equal(first, "candidate:3 1 tcp 1520435199 192.0.2.1 443 typ host tcptype passive");
    assert.equal(second, "candidate:4 1 tcp 1520434943 2001:db8::1 443 typ host tcptype passive");
    const { transport, priority = 0 } = parseCandidate(first) ?? {};
    assert.equal(transport, "tcp");
    const lastUdp = hostCandidate({ foundation: "1", address: "192.0.2.1", port: 1, order: 65535 });
    assert.ok(priority < (parseCandidate(lastUdp)?.priority ?? 0));
  },
});

Deno.test({
  name: `B11: no text makes the parser throw, and what it takes reads back the same (seed ${SEED})`,
  permissions: "none",
  fn() {
    const field = fc.constantFrom(
      "1",
      "udp",
      "typ",
      "host",
      "192.0.2.7",
      "x.local",
      "",
      "0",
      "65536",
      "a:b",
      "é",
      "\r\n",
    );
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(field, { maxLength: 14 }).map((fields) => `candidate:${fields.join(" ")}`),
      fc.tuple(fc.nat(HOST.length), fc.string({ maxLength: 3 })).map(([at, text]) =>
        HOST.slice(0, at) + text + HOST.slice(at + text.length)
      ),
    );
    fc.assert(
      fc.property(text, (text) => {
        const candidate = parseCandidate(text);
        if (candidate === undefined || candidate.type === "other") return;
        const { foundation, component, transport, priority, address, port, type } = candidate;
        const again = `candidate:${foundation} ${component} ${transport} ${priority} ${address} ${port} typ ${type}`;
        assert.deepEqual(parseCandidate(again), candidate);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  },
});
