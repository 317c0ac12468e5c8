import assert from "node:assert/strict";
import { createSwitchboard } from "./mod.ts";

/** The status line that a server with this handler answers a GET with this Host header with. */
async function statusFor(host: string, path: string): Promise<string> {
  const switchboard = createSwitchboard();
  const faults: unknown[] = [];
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen() {},
    onError(error) {
      faults.push(error);
      return new Response("fault", { status: 500 });
    },
  }, switchboard.fetch);
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port });
  await connection.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
  const bytes = new Uint8Array(1024);
  const length = await connection.read(bytes) ?? 0;
  connection.close();
  await server.shutdown();
  assert.deepEqual(faults, []);
  return new TextDecoder().decode(bytes.subarray(0, length)).split("\r\n")[0];
}

Deno.test({
  name: "a Host header that makes no URL is answered 400 (RFC 9112 section 3.2), and is no fault",
  permissions: { net: ["127.0.0.1"] },
  async fn() {
    for (const host of ["[", "a b", "a:b"]) {
      for (const path of ["/", "/ws"]) assert.equal(await statusFor(host, path), "HTTP/1.1 400 Bad Request", host);
    }
    assert.equal(await statusFor("localhost", "/no-such-file"), "HTTP/1.1 404 Not Found");
  },
});

Deno.test({
  name: "B176: UDP ports beyond the last one are refused by a typed error",
  permissions: "none",
  fn() {
    assert.throws(() => createSwitchboard({ udpPort: 65535, workers: 2 }), {
      name: "BackendUnavailableError",
      message: /want UDP ports 65535 to 65536/,
    });
  },
});

Deno.test({
  name: "B402: a number of peers that is none is refused when the server is made, as are too many workers",
  permissions: "none",
  fn() {
    for (const roomPeersPerWorker of [0, -1, 1.5, NaN]) {
      assert.throws(() => createSwitchboard({ roomPeersPerWorker }), {
        name: "TypeError",
        message: `roomPeersPerWorker is ${roomPeersPerWorker}, and no whole number above 0, nor Infinity`,
      });
    }
    assert.throws(() => createSwitchboard({ workers: 32 }), {
      name: "BackendUnavailableError",
      message: "32 is no number of media workers: from 0 to 31",
    });
  },
});

Deno.test({
  name: "B399: where there are no media workers there is none to drain",
  permissions: "none",
  async fn() {
    const switchboard = createSwitchboard({ backend: "portable", roomPeersPerWorker: Infinity });
    const error = { name: "RangeError", message: "there are no media workers" };
    assert.throws(() => switchboard.drainWorker(0), error);
    assert.throws(() => switchboard.undrainWorker(0), error);
    await switchboard.close();
  },
});

Deno.test({
  name: "B171: ICE servers that no Link header can carry are refused before a backend is looked for",
  permissions: "none",
  fn() {
    const iceServers = [{ urls: ["turn:turn.example.org"], username: "Ж", credential: "secret" }];
    assert.throws(() => createSwitchboard({ backend: "native", iceServers }), {
      name: "TypeError",
      message: /^iceServers: username of "turn:turn.example.org" cannot stand in a Link header/,
    });
  },
});

Deno.test({
  name: "B208: announced addresses that are none, or of a family that media is not on, are refused",
  permissions: "none",
  fn() {
    for (
      const [hostname, announce, message] of [
        [
          "0.0.0.0",
          "media.example.org",
          "announce: media.example.org is no IP address; AnnouncedAddresses looks names up",
        ],
        ["0.0.0.0", "2001:db8::1", "announce: 2001:db8::1 is of a family that media on 0.0.0.0 cannot serve"],
        ["::", "::", "announce: no client can send to an unspecified address"],
        ["2001:db8::2", "192.0.2.1", "announce: 192.0.2.1 is of a family that media on 2001:db8::2 cannot serve"],
      ]
    ) {
      assert.throws(() => createSwitchboard({ hostname, announce: [announce] }), { name: "TypeError", message });
    }
    assert.throws(() => createSwitchboard({ hostname: [] }), {
      name: "TypeError",
      message: "hostname: media needs an address",
    });
    createSwitchboard({ hostname: "::", announce: ["192.0.2.1", "2001:db8::1"] });
    createSwitchboard({ hostname: ["192.0.2.7", "2001:db8::7"], announce: ["192.0.2.1", "2001:db8::1"] });
  },
});

Deno.test({
  name: "B206: a certificate that is of no use is refused by a typed error",
  permissions: "none",
  fn() {
    assert.throws(() => createSwitchboard({ dtlsCertificate: { cert: "", key: "" } }), {
      name: "CertificateError",
      part: "cert",
    });
  },
});

Deno.test({
  name: "B247: limits that are no numbers, and origins and proxies that are none, are refused",
  permissions: "none",
  fn() {
    for (
      const [name, value] of [["maxRooms", NaN], ["maxPeers", 0], ["joinsPerMinute", 0.5], ["maxTracks", -1]] as const
    ) {
      assert.throws(() => createSwitchboard({ limits: { [name]: value } }), {
        name: "TypeError",
        message: `limits: ${name} is ${value}, and no whole number above 0; Infinity is no limit`,
      });
    }
    assert.throws(() => createSwitchboard({ origins: ["example.org"] }), { name: "TypeError", message: /^origins: / });
    assert.throws(() => createSwitchboard({ trustProxy: ["proxy"] }), { name: "TypeError", message: /^trustProxy: / });
    for (const trustProxy of [NaN, -1, Infinity]) {
      assert.throws(() => createSwitchboard({ trustProxy }), { name: "TypeError", message: /^trustProxy: / });
    }
    createSwitchboard({
      limits: { maxTracks: 0, maxRooms: Infinity },
      origins: ["https://example.org"],
      trustProxy: ["10.0.0.0/8"],
    });
  },
});

Deno.test({
  name: "B511: webhooks that could tell nobody are refused, without a word of their URL or secret",
  permissions: "none",
  fn() {
    const secret = `whsec_${new Uint8Array(32).toBase64()}`;
    for (const webhooks of [{ urls: ["http://north/"], secret }, { urls: ["https://north/"], secret: "north" }]) {
      assert.throws(() => createSwitchboard({ webhooks }), { name: "TypeError", message: /^webhooks: (?!.*north)/ });
    }
  },
});

Deno.test({
  name: "B242, B244: who comes by a Unix socket is on this machine, and may be a trusted proxy",
  permissions: "none",
  async fn() {
    const statuses = async (trustProxy: readonly string[]) => {
      const switchboard = createSwitchboard({ limits: { joinsPerMinute: 1 }, trustProxy });
      const info = { remoteAddr: { transport: "unix", path: "/run/proxy.sock" }, completed: Promise.resolve() };
      const headers = { "Content-Type": "application/sdp", "X-Forwarded-For": "192.0.2.1" };
      const join = async (): Promise<number> => {
        const request = new Request("http://localhost/whip/room", { method: "POST", headers, body: "no offer" });
        const response: Response = await Reflect.apply(switchboard.fetch, switchboard, [request, info]);
        await response.body?.cancel();
        return response.status;
      };
      return [await join(), await join()];
    };
    assert.deepEqual(await statuses([]), [400, 400]);
    assert.deepEqual(await statuses(["127.0.0.1"]), [400, 429]);
  },
});
