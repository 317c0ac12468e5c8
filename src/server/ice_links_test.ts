import assert from "node:assert/strict";
import { iceLinks, type IceServer } from "./ice_links.ts";

const TURN: IceServer = { urls: ["turn:turn.example.org"], username: "ada", credential: "secret" };

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("P50: each URL of an ICE server has a Link of its own, with the credentials where there are both", () => {
  const stun = { urls: ["stun:a.example.org", "stun:[2001:db8::1]:3478"], username: "nobody" };
  assert.deepEqual(iceLinks([stun, { ...TURN, credential: 'a "quoted" \\ one' }]), [
    '<stun:a.example.org>; rel="ice-server"',
    '<stun:[2001:db8::1]:3478>; rel="ice-server"',
    '<turn:turn.example.org>; rel="ice-server"; username="ada"; credential="a \\"quoted\\" \\\\ one"; ' +
    'credential-type="password"',
  ]);
  assert.deepEqual(iceLinks([]), []);
});

test("B171: every character that is taken can stand in a header", () => {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join("");
  const url = printable.replace(/[ <>]/g, "");
  const [link] = iceLinks([{ urls: [url], username: printable, credential: printable }]);
  assert.equal(new Headers({ Link: link }).get("Link"), link);
});

test("B171: what cannot stand in a Link header is refused with its field and server, and without the credential", () => {
  const wrong: [Partial<IceServer>, RegExp][] = [
    [{ urls: ["turn:a.example.org", "turn:ü.example.org"] }, /^iceServers: urls of "turn:a.example.org turn:ü/],
    [{ urls: ["turn:a>; rel=x"] }, /^iceServers: urls of/],
    [{ urls: [""] }, /^iceServers: urls of/],
    [{ username: "Ж" }, /^iceServers: username of "turn:turn.example.org" cannot stand in a Link header/],
    [{ username: "ü" }, /^iceServers: username of/],
    [{ credential: "secret\r\nX: y" }, /^iceServers: credential of "turn:turn.example.org"/],
    [{ credential: "secret…" }, /^iceServers: credential of/],
  ];
  for (const [change, message] of wrong) {
    assert.throws(() => iceLinks([{ ...TURN, ...change }]), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, message);
      return !error.message.includes("secret");
    });
  }
});
