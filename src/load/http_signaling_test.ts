import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { endpointOf, HttpSignaling } from "./http_signaling.ts";
import { Reach } from "./reach.ts";

const LOOPBACK = "127.0.0.1";
const PERMISSIONS = { net: [LOOPBACK] };
const ANSWER = "v=0\r\na=ice-ufrag:u\r\na=ice-pwd:p\r\n";

/** A server that answers each request by what stands for its path, and notes what came. */
class TestServer implements AsyncDisposable {
  readonly requests: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;

  constructor(answers: Readonly<Record<string, () => Response>>) {
    this.#server = Deno.serve({ port: 0, hostname: LOOPBACK, onListen: () => {} }, async (request) => {
      const { pathname } = new URL(request.url);
      const told = [request.method, pathname, request.headers.get("Authorization") ?? "-", await request.text()];
      this.requests.push(told.join(" ").trim());
      return answers[`${request.method} ${pathname}`]?.() ?? new Response("not here", { status: 404 });
    });
  }

  signaling(token?: string): HttpSignaling {
    const url = `http://${LOOPBACK}:${this.#server.addr.port}/{room}`;
    return new HttpSignaling({ whip: `${url}/whip`, whep: `${url}/whep`, token, reach: new Reach() });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

const created = (location: string) => () => new Response(ANSWER, { status: 201, headers: { Location: location } });
const ended = () => new Response(null, { status: 200 });

Deno.test({
  name: "B516: an offer is posted to the room's endpoint with the token, and its session deleted with it",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new TestServer({ "POST /a/whep": created("../sessions/1"), "DELETE /sessions/1": ended });
    const session = await server.signaling("secret").open("whep", "a", "offer");
    assert.deepEqual(session.answer.remote, { ufrag: "u", password: "p" });
    await session.end();
    assert.deepEqual(server.requests, ["POST /a/whep Bearer secret offer", "DELETE /sessions/1 Bearer secret"]);
  },
});

Deno.test({
  name: "B516: a refusal is told with what the server says, in 200 characters at most",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new TestServer({
      "POST /a/whip": () => new Response("full".repeat(100), { status: 503 }),
      "POST /b/whip": () => new Response(ANSWER, { status: 201 }),
    });
    const problem = new RegExp(`/a/whip answers 503: ${"full".repeat(50)}$`);
    await assert.rejects(server.signaling().open("whip", "a", "offer"), problem);
    // Nothing says where the session is.
    await (await server.signaling().open("whip", "b", "offer")).end();
    assert.equal(server.requests.length, 2);
  },
});

Deno.test({
  name: "B514: neither a redirection nor a session's URL leads to another host",
  permissions: PERMISSIONS,
  async fn() {
    await using server = new TestServer({
      "POST /a/whip": () => new Response(null, { status: 307, headers: { Location: "http://192.0.2.1/whip" } }),
      "POST /b/whip": created("http://192.0.2.1/sessions/1"),
    });
    await assert.rejects(server.signaling().open("whip", "a", "offer"), /\/a\/whip answers 307/);
    const session = await server.signaling().open("whip", "b", "offer");
    await assert.rejects(session.end(), /192\.0\.2\.1 is not this machine/);
  },
});

Deno.test({
  name: "B518: a server that is not there is told by its URL",
  permissions: PERMISSIONS,
  async fn() {
    const url = `http://${LOOPBACK}:9/{room}`;
    const signaling = new HttpSignaling({ whip: url, whep: url, token: undefined, reach: new Reach() });
    await assert.rejects(
      signaling.open("whip", "a", "offer"),
      /^Error: http:\/\/127\.0\.0\.1:9\/a cannot be reached: /,
    );
  },
});

Deno.test({
  name: "B518: a server that takes a request and does not answer keeps nobody waiting for longer than 20 s",
  permissions: PERMISSIONS,
  async fn() {
    using listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    const url = `http://${LOOPBACK}:${listener.addr.port}/{room}`;
    const clock = new VirtualClock();
    const signaling = new HttpSignaling({ whip: url, whep: url, token: undefined, reach: new Reach(), clock });
    const opening = assert.rejects(signaling.open("whip", "a", "offer"), /cannot be reached: no answer within 20 s$/);
    using _connection = await listener.accept();
    clock.advance(20_000);
    await opening;
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "a room's name stands in its endpoint as URLs have it",
  permissions: "none",
  fn() {
    assert.equal(endpointOf("http://a/{room}/whip?room={room}", "x/y-0"), "http://a/x%2Fy-0/whip?room=x%2Fy-0");
    assert.equal(endpointOf("http://a/whip", "x"), "http://a/whip");
  },
});
