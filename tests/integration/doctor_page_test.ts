import assert from "node:assert/strict";
import { findingsOf, type PageFacts, TITLES, type WayFacts } from "../../static/doctor/findings.js";

const OPEN: WayFacts = {
  state: "open",
  candidates: ["203.0.113.7:3478"],
  pair: "from host (udp) to host",
  roundTripMs: 20,
  loss: 0,
};
const ABSENT: WayFacts = { state: "absent", candidates: [] };
const SILENT: WayFacts = { state: "silent", candidates: ["192.0.2.1:3478"] };
const WELL: PageFacts = {
  isSecure: true,
  host: "sfu.example.org",
  deviceProblems: [],
  refusal: null,
  ways: { udp: OPEN, tcp: OPEN, relay: OPEN },
};
const ways = (udp: WayFacts, tcp: WayFacts, relay: WayFacts) => ({ ways: { udp, tcp, relay } });

/** What is wrong, its finding, how bad it is, and words of its fix. */
const CASES: readonly (readonly [Partial<PageFacts>, keyof typeof TITLES, string, RegExp])[] = [
  [{ isSecure: false }, "secure-context", "problem", /https:\/\/sfu\.example\.org\/doctor/],
  [{ deviceProblems: [{ device: "camera", words: "Connect one." }] }, "camera", "warning", /Connect one/],
  [{ deviceProblems: [{ device: "microphone", words: "Allow it." }] }, "microphone", "warning", /Allow it/],
  [{ refusal: { code: "unauthorized", message: "no" }, ways: null }, "signaling", "problem", /\?token=/],
  [{ refusal: { code: "server-unreachable", message: "no" }, ways: null }, "signaling", "problem", /WebSockets/],
  [{ refusal: { code: "new", message: "no" }, ways: null }, "signaling", "problem", /docs\/protocol\.md/],
  [ways(SILENT, ABSENT, ABSENT), "media-udp", "problem", /--announce/],
  [ways(SILENT, OPEN, ABSENT), "media-udp", "warning", /firewall/],
  [ways(ABSENT, ABSENT, ABSENT), "media-udp", "problem", /--announce/],
  [ways({ ...OPEN, loss: 0.2 }, OPEN, ABSENT), "media-udp", "warning", /cable/],
  [ways({ state: "open", candidates: [] }, OPEN, ABSENT), "media-udp", "problem", /MTU/],
  [ways(OPEN, SILENT, OPEN), "media-tcp", "warning", /--tcp-port/],
  [ways(OPEN, ABSENT, ABSENT), "media-tcp", "warning", /--tcp-port=3478.*--turn/],
  [ways(OPEN, OPEN, SILENT), "media-relay", "warning", /static-auth-secret/],
  [ways(SILENT, ABSENT, SILENT), "media-relay", "problem", /denied-peer-ip/],
];

Deno.test({
  name: "B489: whatever is wrong, the page's finding says so and names the fix; each finding was provoked",
  permissions: "none",
  fn() {
    for (const [ailment, id, severity, fix] of CASES) {
      const found = findingsOf({ ...WELL, ...ailment }).find((finding) => finding.id === id);
      assert.equal(found?.severity, severity, id);
      assert.match(found?.fix ?? "", fix);
    }
    assert.deepEqual([...new Set(CASES.map(([, id]) => id))].sort(), Object.keys(TITLES).sort());
  },
});

Deno.test({
  name: "B489: where all is well there is nothing to be done, in the order of the table",
  permissions: "none",
  fn() {
    for (const facts of [WELL, { ...WELL, ...ways(OPEN, OPEN, ABSENT) }, { ...WELL, ...ways(OPEN, ABSENT, OPEN) }]) {
      const findings = findingsOf(facts);
      assert.deepEqual(findings.filter(({ severity, fix }) => severity !== "ok" || fix !== undefined), []);
      assert.deepEqual(findings.map(({ id }) => id), Object.keys(TITLES));
    }
    assert.match(findingsOf(WELL)[4].detail, /from host \(udp\) to host, 20 ms to the server and back, 0% lost/);
  },
});
