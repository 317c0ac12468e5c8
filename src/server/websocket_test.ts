import assert from "node:assert/strict";
import type { ConnectSignaling, SignalingConnection, SignalingEndpoint } from "../signaling/connection.ts";
import { upgradeSignaling } from "./websocket.ts";

const permissions: Deno.PermissionOptions = { net: ["127.0.0.1"] };

interface End {
  readonly code: number;
  readonly wasClean: boolean;
}

/** An endpoint that keeps what it is told. */
class Recorder implements SignalingEndpoint {
  readonly messages: (string | undefined)[] = [];
  readonly ends: End[] = [];
  readonly ended = Promise.withResolvers<End>();

  handleMessage(data: string | undefined): void {
    this.messages.push(data);
  }

  handleClose(code: number, wasClean: boolean): void {
    this.ends.push({ code, wasClean });
    this.ended.resolve({ code, wasClean });
  }
}

/** Serves `connect` while `check` runs, given the server's port. */
async function withServer(connect: ConnectSignaling, check: (port: number) => Promise<void>): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, info) => {
    return upgradeSignaling(request, info.remoteAddr.hostname, connect);
  });
  try {
    await check(server.addr.port);
  } finally {
    await server.shutdown();
  }
}

/** A client, with its end as a promise. */
function open(port: number): { socket: WebSocket; closed: Promise<CloseEvent> } {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`);
  return { socket, closed: new Promise((resolve) => socket.onclose = resolve) };
}

Deno.test({
  name: "messages cross both ways, and a binary frame arrives as undefined",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    await withServer((connection) => {
      connection.send("welcome");
      endpoint.handleMessage = (data) => {
        endpoint.messages.push(data);
        if (endpoint.messages.length === 2) connection.send("enough");
      };
      return endpoint;
    }, async (port) => {
      const { socket, closed } = open(port);
      const received: unknown[] = [];
      socket.onmessage = ({ data }) => {
        received.push(data);
        if (data === "enough") return socket.close(1000);
        socket.send("hello");
        socket.send(new Uint8Array(2));
      };
      await closed;
      assert.deepEqual(received, ["welcome", "enough"]);
      assert.deepEqual(endpoint.messages, ["hello", undefined]);
      assert.deepEqual(await endpoint.ended.promise, { code: 1000, wasClean: true });
    });
  },
});

Deno.test({
  name: "a message over 1 MiB is passed on whole: to refuse it is the session's part",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    await withServer(() => endpoint, async (port) => {
      const { socket, closed } = open(port);
      const size = 2 * 1024 * 1024;
      socket.onopen = () => {
        socket.send("x".repeat(size));
        socket.close(1000);
      };
      await closed;
      await endpoint.ended.promise;
      assert.deepEqual(endpoint.messages.map((data) => data?.length), [size]);
    });
  },
});

for (const code of [1000, 4123]) {
  Deno.test({
    name: `B77: a client that closes with ${code} ends its endpoint once, with that code`,
    permissions,
    async fn() {
      const endpoint = new Recorder();
      await withServer(() => endpoint, async (port) => {
        const { socket, closed } = open(port);
        socket.onopen = () => socket.close(code);
        await closed;
        await endpoint.ended.promise;
      });
      assert.deepEqual(endpoint.ends, [{ code, wasClean: true }]);
    },
  });
}

Deno.test({
  name: "B77: a connection that breaks off ends its endpoint once, with 1006",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    await withServer(() => endpoint, async (port) => {
      const connection = await Deno.connect({ hostname: "127.0.0.1", port });
      await connection.write(new TextEncoder().encode(HANDSHAKE));
      await connection.read(new Uint8Array(1024));
      connection.close();
      await endpoint.ended.promise;
    });
    assert.deepEqual(endpoint.ends, [{ code: 1006, wasClean: false }]);
  },
});

const HANDSHAKE = [
  "GET /ws HTTP/1.1",
  "Host: localhost",
  "Connection: Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "\r\n",
].join("\r\n");

Deno.test({
  name: "B77: after the server closes, the endpoint hears its end once and later, and nothing else",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    let endsInside = -1;
    await withServer((connection) => {
      endpoint.handleMessage = (data) => {
        endpoint.messages.push(data);
        connection.close(4000, "ü".repeat(100));
        connection.close(4001, "again");
        connection.send("late");
        endsInside = endpoint.ends.length;
      };
      return endpoint;
    }, async (port) => {
      const { socket, closed } = open(port);
      const received: unknown[] = [];
      socket.onmessage = ({ data }) => received.push(data);
      socket.onopen = () => {
        socket.send("one");
        socket.send("two");
      };
      const { code, reason } = await closed;
      assert.equal(code, 4000);
      assert.equal(reason, "ü".repeat(61), "a reason is cut to 123 bytes");
      assert.deepEqual(received, []);
      assert.deepEqual(await endpoint.ended.promise, { code: 4000, wasClean: true });
    });
    assert.equal(endsInside, 0);
    assert.deepEqual(endpoint.messages, ["one"]);
    assert.equal(endpoint.ends.length, 1);
  },
});

Deno.test({
  name: "a client that goes on sending gets the close code all the same",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    await withServer((connection) => {
      endpoint.handleMessage = (data) => {
        endpoint.messages.push(data);
        if (endpoint.messages.length === 200) connection.close(1008, "refused");
      };
      return endpoint;
    }, async (port) => {
      const { socket, closed } = open(port);
      socket.onopen = () => {
        for (let i = 0; i < 500; i++) socket.send("more");
      };
      const { code, reason, wasClean } = await closed;
      assert.deepEqual({ code, reason, wasClean }, { code: 1008, reason: "refused", wasClean: true });
    });
    assert.equal(endpoint.messages.length, 200);
  },
});

Deno.test({
  name: "sending and closing do nothing once the client is gone",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    let connection: SignalingConnection | undefined;
    await withServer((opened) => {
      connection = opened;
      return endpoint;
    }, async (port) => {
      const { socket, closed } = open(port);
      socket.onopen = () => socket.close(1000);
      await closed;
      await endpoint.ended.promise;
    });
    connection?.send("late");
    connection?.close(1001, "late");
    assert.equal(endpoint.ends.length, 1);
  },
});

Deno.test({
  name: "B76: a client that lets more than 4 MiB wait is closed with 1013",
  permissions,
  async fn() {
    const endpoint = new Recorder();
    await withServer((connection) => {
      const text = "x".repeat(64 * 1024);
      // One call chain: nothing leaves before it ends, as with a client that does not read.
      for (let sent = 0; sent < 5 * 1024 * 1024; sent += text.length) connection.send(text);
      return endpoint;
    }, async (port) => {
      const { socket, closed } = open(port);
      let received = 0;
      socket.onmessage = ({ data }) => received += data.length;
      const { code } = await closed;
      assert.equal(code, 1013);
      assert.equal(received, 4 * 1024 * 1024 + 64 * 1024);
      assert.deepEqual(await endpoint.ended.promise, { code: 1013, wasClean: false });
    });
    assert.equal(endpoint.ends.length, 1);
  },
});

for (const method of ["handleMessage", "handleClose"] as const) {
  Deno.test({
    name: `B76: a fault in ${method} costs that connection only`,
    permissions,
    async fn() {
      const faulty = Promise.withResolvers<void>();
      await withServer((connection) => {
        const endpoint = new Recorder();
        endpoint[method] = () => {
          faulty.resolve();
          throw new Error("fault");
        };
        connection.send("ready");
        return endpoint;
      }, async (port) => {
        const one = open(port);
        const other = open(port);
        one.socket.onopen = () => method === "handleMessage" ? one.socket.send("x") : one.socket.close(1000);
        assert.equal((await one.closed).code, method === "handleMessage" ? 1011 : 1000);
        await faulty.promise;
        assert.notEqual(other.socket.readyState, WebSocket.CLOSED);
        other.socket.close(1000);
        await other.closed;
      });
    },
  });
}

Deno.test({
  name: "B76: a fault while connecting closes with 1011",
  permissions,
  async fn() {
    await withServer(() => {
      throw new Error("fault");
    }, async (port) => assert.equal((await open(port).closed).code, 1011));
  },
});

const unexpected = (): never => assert.fail("connected");

Deno.test({
  name: "B75: a request that is no WebSocket handshake is answered 426, in words",
  permissions: "none",
  async fn() {
    const response = upgradeSignaling(new Request("http://localhost/ws"), "127.0.0.1", unexpected);
    assert.equal(response.status, 426);
    assert.equal(response.headers.get("upgrade"), "websocket");
    assert.match(await response.text(), /connect to it with a WebSocket/);
  },
});

Deno.test({
  name: "B75: a handshake without a key is answered 400",
  permissions: "none",
  fn() {
    const headers = { Upgrade: "websocket", Connection: "Upgrade" };
    const response = upgradeSignaling(new Request("http://localhost/ws", { headers }), "127.0.0.1", unexpected);
    assert.equal(response.status, 400);
  },
});
