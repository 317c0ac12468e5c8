import assert from "node:assert/strict";
import { type Application, pageUrl, run, shutdown, stopSignalHandler, type StopSignals } from "./serve.ts";
import { upgradeSignaling } from "./websocket.ts";

const permissions: Deno.PermissionOptions = { net: ["127.0.0.1"] };
const never = new Promise<never>(() => {});
const noSignal: StopSignals = { first: never, second: never };

interface Served {
  readonly exitCode: number;
  /** What was printed. */
  readonly lines: readonly string[];
}

/** Runs an application on a free port. `check` is given its URL; once it resolves the signal to stop comes. */
async function serve(application: Application, check: (url: string) => Promise<void>): Promise<Served> {
  const ready = Promise.withResolvers<string>();
  const stop = Promise.withResolvers<void>();
  const lines: string[] = [];
  const print = (line: string) => {
    lines.push(line);
    ready.resolve(line);
  };
  const address = { host: "127.0.0.1", port: 0 };
  const exit = run(application, { address, stop: { first: stop.promise, second: never }, print, printError: print });
  await check(/:(\d+)/.exec((await ready.promise).replace("http:", ""))?.[1] ?? "");
  stop.resolve();
  return { exitCode: await exit, lines };
}

Deno.test({
  name: "B79: one line tells where the page is, once it can be opened",
  permissions,
  async fn() {
    let port = "";
    const application: Application = { fetch: () => new Response("page"), close: () => Promise.resolve() };
    const { lines } = await serve(application, async (chosen) => {
      port = chosen;
      assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "page");
    });
    assert.deepEqual(lines, [`Switchboard is ready at http://localhost:${port}\n`]);
    assert.notEqual(port, "0");
  },
});

for (
  const [host, url] of [
    ["0.0.0.0", "http://localhost:80"],
    ["::", "http://localhost:80"],
    ["127.0.0.1", "http://localhost:80"],
    ["192.0.2.1", "http://192.0.2.1:80"],
    ["2001:db8::1", "http://[2001:db8::1]:80"],
  ]
) {
  Deno.test({
    name: `B79: the page of a server on ${host} is at ${url}`,
    permissions: "none",
    fn() {
      assert.equal(pageUrl(host, 80), url);
      assert.equal(pageUrl(host, 80, "https"), url.replace("http", "https"));
    },
  });
}

Deno.test({
  name: "B79: a port that is taken is told with what to do, and ends with 1",
  permissions,
  async fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const application: Application = { fetch: () => new Response(), close: () => Promise.resolve() };
    const address = { host: "127.0.0.1", port };
    assert.equal(await run(application, { address, stop: noSignal, print, printError: print }), 1);
    taken.close();
    assert.deepEqual(lines, [
      `Port ${port} is taken: choose another one with --port=<number> (0 takes any free one)\n`,
    ]);
  },
});

Deno.test({
  name: "B79: an address that the machine does not have is told with what to do, and ends with 1",
  permissions: { net: ["192.0.2.1"] },
  async fn() {
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const application: Application = { fetch: () => new Response(), close: () => Promise.resolve() };
    const address = { host: "192.0.2.1", port: 0 };
    assert.equal(await run(application, { address, stop: noSignal, print, printError: print }), 1);
    assert.deepEqual(lines, [
      "This machine does not have the address 192.0.2.1: choose another one with --host=<address>\n",
    ]);
  },
});

Deno.test({
  name: "B78: at a signal the application tells its clients before connections are cut, and nobody new comes in",
  permissions,
  async fn() {
    let tell: () => void = () => assert.fail("nobody is connected");
    let port = "";
    let refused = 0;
    const application: Application = {
      fetch: (request, { remoteAddr }) =>
        upgradeSignaling(request, remoteAddr.hostname, (connection) => {
          tell = () => {
            connection.send("server-closing");
            connection.close(1001, "");
          };
          connection.send("welcome");
          return { handleMessage() {}, handleClose() {} };
        }),
      async close() {
        const response = await fetch(`http://127.0.0.1:${port}/`);
        refused = response.status;
        await response.body?.cancel();
        tell();
      },
    };
    const received: unknown[] = [];
    const closed = Promise.withResolvers<CloseEvent>();
    const { exitCode } = await serve(application, async (chosen) => {
      port = chosen;
      const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
      socket.onclose = closed.resolve;
      await new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          received.push(data);
          resolve();
        };
      });
    });
    assert.equal(exitCode, 0);
    assert.equal(refused, 503);
    assert.equal((await closed.promise).code, 1001);
    assert.deepEqual(received, ["welcome", "server-closing"]);
  },
});

Deno.test({
  name:
    "B78, P59, B263: while the server shuts down WHIP, WHEP, /healthz and /readyz have their own words, all else is 503",
  permissions,
  async fn() {
    let base = "";
    const got: string[] = [];
    const application: Application = {
      fetch: ({ method, url }) => new Response(`${method} ${new URL(url).pathname}`),
      async close() {
        for (
          const path of ["/whip/a", "/whep/a/b", "/healthz", "/readyz", "/whipped/a", "/whip", "/", "/ws", "/healthz/a"]
        ) {
          const response = await fetch(`${base}${path}`, { method: "POST", body: "v=0" });
          got.push(`${response.status} ${(await response.text()).trim()}`);
        }
      },
    };
    const { exitCode } = await serve(application, (port) => {
      base = `http://127.0.0.1:${port}`;
      return Promise.resolve();
    });
    const closing = "503 The server is closing";
    const themselves = ["/whip/a", "/whep/a/b", "/healthz", "/readyz"].map((path) => `200 POST ${path}`);
    assert.deepEqual(got, [...themselves, closing, closing, closing, closing, closing]);
    assert.equal(exitCode, 0);
  },
});

Deno.test({
  name: "B78: a shutdown that does not end is given up at the deadline, with exit code 1",
  permissions: "none",
  async fn() {
    assert.equal(await shutdown({ close: () => never }, noSignal, 0), 1);
  },
});

Deno.test({
  name: "B78: a second signal ends a shutdown at once, with exit code 1",
  permissions: "none",
  async fn() {
    assert.equal(await shutdown({ close: () => never }, { first: never, second: Promise.resolve() }), 1);
  },
});

Deno.test({
  name: "B78: a shutdown that fails ends with exit code 1",
  permissions: "none",
  async fn() {
    assert.equal(await shutdown({ close: () => Promise.reject(new Error("fault")) }, noSignal), 1);
  },
});

Deno.test({
  name: "B78: a shutdown in good order ends with exit code 0",
  permissions: "none",
  async fn() {
    assert.equal(await shutdown({ close: () => Promise.resolve() }, noSignal), 0);
  },
});

Deno.test({
  name: "B78: Ctrl+C that reaches the process twice at once is one wish, a later one is the second",
  permissions: "none",
  fn() {
    const told: string[] = [];
    const handle = stopSignalHandler(() => told.push("first"), () => told.push("second"));
    handle(1000);
    handle(1001);
    handle(1499);
    assert.deepEqual(told, ["first"]);
    handle(1500);
    assert.deepEqual(told, ["first", "second"]);
  },
});

Deno.test({
  name: "B451: with a time for it clients have gone elsewhere before the shutdown begins, and are served meanwhile",
  permissions,
  async fn() {
    const told: string[] = [];
    const drained = Promise.withResolvers<void>();
    const application: Application = {
      fetch: () => new Response("served"),
      drain(seconds) {
        told.push(`drain ${seconds}`);
        return drained.promise;
      },
      close() {
        told.push("close");
        return Promise.resolve();
      },
    };
    const stop = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<string>();
    const start = () =>
      run(application, {
        address: { host: "127.0.0.1", port: 0 },
        stop: { first: stop.promise, second: second.promise },
        drainSeconds: 60,
        print: ready.resolve,
        printError: ready.resolve,
      });
    const exit = start();
    const port = /:(\d+)/.exec((await ready.promise).replace("http:", ""))?.[1];
    stop.resolve();
    await stop.promise;
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "served");
    assert.deepEqual(told, ["drain 60"]);
    drained.resolve();
    assert.equal(await exit, 0);
    assert.deepEqual(told.splice(0), ["drain 60", "close"]);

    second.resolve();
    assert.equal(await start(), 1, "a second signal ends it at once");
  },
});

Deno.test({
  name: "B261: a port of /metrics that is taken is told with what to do, and nothing is served",
  permissions,
  async fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr;
    const lines: string[] = [];
    const print = (line: string) => void lines.push(line);
    const application: Application = { fetch: () => new Response(), close: () => Promise.resolve() };
    const metrics = { address: { host: "127.0.0.1", port }, text: () => Promise.resolve("") };
    const address = { host: "127.0.0.1", port: 0 };
    assert.equal(await run(application, { address, metrics, stop: noSignal, print, printError: print }), 1);
    taken.close();
    assert.deepEqual(lines, [
      `Port ${port} is taken: choose another one with --metrics-port=<number> (0 takes any free one)\n`,
    ]);
  },
});

Deno.test({
  name: "B261: /metrics goes on until the application has closed, and ends with the server",
  permissions,
  async fn() {
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const url = `http://127.0.0.1:${port}/metrics`;
    const got: string[] = [];
    const ask = async () => void got.push(await (await fetch(url)).text());
    const application: Application = { fetch: () => new Response(), close: ask };
    const stop = Promise.withResolvers<void>();
    const ready = Promise.withResolvers<string>();
    const exit = run(application, {
      address: { host: "127.0.0.1", port: 0 },
      metrics: { address: { host: "127.0.0.1", port }, text: () => Promise.resolve("up 1") },
      stop: { first: stop.promise, second: never },
      print: ready.resolve,
      printError: ready.resolve,
    });
    await ready.promise;
    await ask();
    stop.resolve();
    assert.equal(await exit, 0);
    assert.deepEqual(got, ["up 1", "up 1"]);
    await assert.rejects(fetch(url));
  },
});
