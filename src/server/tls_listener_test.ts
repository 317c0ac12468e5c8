import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { createConnection } from "node:net";
import { text } from "node:stream/consumers";
import {
  askAgain,
  connectTls,
  HANDLER,
  LONG_TEXT,
  NEW,
  OLD,
  request,
  serveTls,
} from "../../tests/harness/served_tls.ts";
import { ask, closeWebSocket, get, openWebSocket, withClient } from "../../tests/harness/trusting_client.ts";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import type { Serve } from "./listener.ts";
import { configureLogs } from "./log.ts";
import { TlsListener } from "./tls_listener.ts";

const permissions: Deno.PermissionOptions = { net: ["127.0.0.1", "localhost"] };

async function connect(port: number): Promise<Deno.TcpConn> {
  return await Deno.connect({ hostname: "127.0.0.1", port });
}

/** Runs a test that sees what is logged. */
async function withLines(test: (lines: string[]) => Promise<void>): Promise<void> {
  const lines: string[] = [];
  configureLogs([{ area: [], level: "info" }], { write: (line) => void lines.push(line), colors: false });
  try {
    await test(lines);
  } finally {
    resetSync();
  }
}

function countLines(lines: readonly string[], text: string): number {
  return lines.filter((line) => line.includes(text)).length;
}

Deno.test({
  name: "B254: a request by TLS is answered whole, and told with the address of its client",
  permissions,
  async fn() {
    await serveTls(async ({ url, port }) => {
      assert.equal(await get(`${url}/long`, [OLD.pem]), LONG_TEXT);
      const connection = await Deno.connectTls({ hostname: "localhost", port, caCerts: [OLD.pem] });
      await connection.write(
        new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
      );
      const text = await new Response(connection.readable).text();
      assert.match(text, new RegExp(`port ${connection.localAddr.port}$`));
    });
  },
});

Deno.test({
  name:
    "B251: certificates are changed under load: no connection is refused or lost, WebSockets stay, new ones see the new",
  permissions,
  async fn() {
    await serveTls(async ({ listener, url }) => {
      await withClient([OLD.pem], async (client) => {
        const sockets = await Promise.all([1, 2, 3].map(() => openWebSocket(url.replace("https", "wss"), client)));
        let running = true;
        let answered = 0;
        const load = [1, 2, 3, 4].map(async () => {
          for (; running; answered++) assert.match(await get(url, [OLD.pem, NEW.pem]), /^port \d+$/);
        });
        for (let swap = 1; swap <= 20; swap++) {
          const [shown, other] = swap % 2 === 1 ? [NEW, OLD] : [OLD, NEW];
          listener.setCertificate(shown.tls);
          assert.match(await get(url, [shown.pem]), /^port \d+$/);
          await assert.rejects(get(url, [other.pem]), TypeError);
          for (const socket of sockets) assert.equal(await ask(socket, `${swap}`), `echo of ${swap}`);
        }
        running = false;
        await Promise.all(load);
        assert.ok(answered > 20, `${answered} requests were answered meanwhile`);
        for (const socket of sockets) assert.equal(await closeWebSocket(socket), 1000);
      });
    });
  },
});

for (
  const { what, bytes } of [
    { what: "nothing", bytes: [] },
    { what: "half a ClientHello", bytes: [22, 3, 1, 2, 0, 1] },
  ]
) {
  Deno.test({
    name: `B254: a client that sends ${what} for 10 s is closed, and nobody else`,
    permissions,
    async fn() {
      const clock = new VirtualClock();
      await serveTls(async ({ port, url }) => {
        const silent = await connect(port);
        await silent.write(Uint8Array.from(bytes));
        assert.match(await get(url, [OLD.pem]), /^port/);
        clock.advance(9999);
        const socket = await withClient([OLD.pem], (client) => openWebSocket(url.replace("https", "wss"), client));
        clock.advance(1);
        assert.equal(await silent.read(new Uint8Array(100)), null);
        silent.close();
        assert.equal(await ask(socket, "still there"), "echo of still there");
        await closeWebSocket(socket);
      }, { clock });
    },
  });
}

Deno.test({
  name: "B254: who does not speak TLS, or breaks off, is closed, and nobody else",
  permissions,
  async fn() {
    await serveTls(async ({ port, url }) => {
      const plain = await connect(port);
      await plain.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      assert.doesNotMatch(await new Response(plain.readable).text(), /HTTP/);
      (await connect(port)).close();
      const hasty = await Deno.connectTls({ hostname: "localhost", port, caCerts: [OLD.pem] });
      await hasty.write(new TextEncoder().encode("GET /long HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      hasty.close();
      await assert.rejects(get(url, [NEW.pem]), TypeError);
      assert.match(await get(url, [OLD.pem]), /^port/);
    });
  },
});

Deno.test({
  name: "B84, B254: where a connection cannot be accepted the listener goes on after a while, without another bind",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    let failing = 2;
    let opened = 0;
    const listen = (options: Deno.TcpListenOptions) => {
      opened++;
      const listener = Deno.listen(options);
      const accept = listener.accept.bind(listener);
      listener.accept = () => failing-- > 0 ? Promise.reject(new Error("Too many open files")) : accept();
      return listener;
    };
    await serveTls(async ({ url }) => {
      const answer = get(url, [OLD.pem]);
      for (; failing >= 0; await Promise.resolve()) clock.advance(500);
      assert.match(await answer, /^port/);
      assert.equal(opened, 1);
    }, { clock, listen });
  },
});

Deno.test({
  name: "B254: another program that finds the port inside is not served",
  permissions,
  async fn() {
    let inside = 0;
    const serve: Serve = (options, handler) => {
      const server = Deno.serve(options, handler);
      inside = server.addr.port;
      return server;
    };
    await serveTls(async ({ url }) => {
      const response = await fetch(`http://127.0.0.1:${inside}/`);
      assert.deepEqual([response.status, await response.text()], [403, "This port is not served\n"]);
      assert.match(await get(url, [OLD.pem]), /^port/);
    }, { serve });
  },
});

Deno.test({
  name: "B254: another program at 127.0.0.2 with the very port of a client's connection inside is not served",
  permissions: { net: ["127.0.0.1", "127.0.0.2", "localhost"] },
  ignore: Deno.build.os === "darwin",
  async fn() {
    let inside = 0;
    let localPort = 0;
    const serve: Serve = (options, handler) => {
      const server = Deno.serve(options, (request, info) => {
        localPort = info.remoteAddr.port;
        return handler(request, info);
      });
      inside = server.addr.port;
      return server;
    };
    await serveTls(async ({ port }) => {
      const kept = await connectTls(port);
      await askAgain(kept);
      const takenPort = localPort;
      const stranger = createConnection({ host: "127.0.0.1", port: inside, localAddress: "127.0.0.2", localPort });
      stranger.write(request("/", "Connection: close\r\n"));
      assert.match(await text(stranger), /^HTTP\/1\.1 403 [^]*This port is not served\n$/);
      assert.equal(localPort, takenPort);
      await askAgain(kept);
      kept.close();
    }, { serve });
  },
});

Deno.test({
  name: "B84, B254: when the server inside fails, that is told once, who takes its port gets nothing, and it goes on",
  permissions,
  async fn() {
    const ports: number[] = [];
    let fail = () => Promise.resolve();
    const serve: Serve = (options, handler) => {
      const server = Deno.serve(options, handler);
      ports.push(server.addr.port);
      const failure = Promise.withResolvers<void>();
      fail = async () => {
        await server.shutdown();
        failure.reject(new Error("Too many open files"));
      };
      return { finished: failure.promise, shutdown: () => server.shutdown(), addr: server.addr };
    };
    await withLines(async (lines) => {
      await serveTls(async ({ url }) => {
        assert.match(await get(url, [OLD.pem]), /^port/);
        await fail();
        const thief = Deno.listen({ hostname: "127.0.0.1", port: ports[0] ?? 0 });
        const stolen = thief.accept().then(() => true, () => false);
        for (let lost = 0; lost < 3; lost++) await assert.rejects(get(url, [OLD.pem]), TypeError);
        assert.equal(countLines(lines, "connections cannot be served: "), 1, lines.join(""));
        for (let text = ""; !text.startsWith("port");) text = await get(url, [OLD.pem]).catch(() => "");
        assert.equal(ports.length, 2);
        assert.notEqual(ports[1], ports[0]);
        thief.close();
        assert.equal(await stolen, false);
      }, { serve });
    });
  },
});

Deno.test({
  name: "B84, B254: that connections cannot be accepted is told once until one is served again",
  permissions,
  async fn() {
    const clock = new VirtualClock();
    let failing = 3;
    const listen = (options: Deno.TcpListenOptions) => {
      const listener = Deno.listen(options);
      const accept = listener.accept.bind(listener);
      listener.accept = () => failing-- > 0 ? Promise.reject(new Error("Too many open files")) : accept();
      return listener;
    };
    await withLines(async (lines) => {
      await serveTls(async ({ url }) => {
        for (let outage = 1; outage <= 2; outage++) {
          const answer = get(url, [OLD.pem]);
          for (; failing >= 0; await Promise.resolve()) clock.advance(500);
          assert.match(await answer, /^port/);
          assert.equal(countLines(lines, "no connection can be accepted: "), outage, lines.join(""));
          // The accept that waits by now takes one more connection.
          failing = 1;
          assert.match(await get(url, [OLD.pem]), /^port/);
        }
      }, { clock, listen });
    });
  },
});

Deno.test({
  name: "B250: a port that is taken is an error of the constructor",
  permissions,
  fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const options = { hostname: "127.0.0.1", port: taken.addr.port, certificate: OLD.tls, onListen: () => {} };
    assert.throws(() => new TlsListener(HANDLER, options), Deno.errors.AddrInUse);
    taken.close();
  },
});

Deno.test({
  name: "B78, B254: a shutdown ends WebSockets and idle connections, and leaves nothing open",
  permissions,
  async fn() {
    const closed = Promise.withResolvers<void>();
    await serveTls(async ({ port, url }) => {
      const socket = await withClient([OLD.pem], (client) => openWebSocket(url.replace("https", "wss"), client));
      socket.onclose = () => closed.resolve();
      const idle = await Deno.connectTls({ hostname: "localhost", port, caCerts: [OLD.pem] });
      await idle.handshake();
      idle.close();
    });
    await closed.promise;
  },
});
