import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { Listener, type Serve } from "./listener.ts";

const permissions: Deno.PermissionOptions = { net: ["127.0.0.1"] };
const TOO_MANY = new Error("Too many open files");

/** Deno.serve whose listeners end with the error when `fail` is called, and that cannot open while `full`. */
function failingServe() {
  const state = { full: false, opened: 0, fail: () => {} };
  const serve: Serve = (options, handler) => {
    if (state.full) throw TOO_MANY;
    state.opened++;
    const server = Deno.serve(options, handler);
    const failure = Promise.withResolvers<void>();
    state.fail = () => {
      server.shutdown().then(() => failure.reject(TOO_MANY));
    };
    return { finished: failure.promise, shutdown: () => server.shutdown(), addr: server.addr };
  };
  return { serve, state };
}

Deno.test({
  name: "B84: a listener that cannot accept is opened again on its port, as often as it takes",
  permissions,
  async fn() {
    const { serve, state } = failingServe();
    let port = 0;
    let told = 0;
    const onListen = (address: Deno.NetAddr) => {
      port = address.port;
      told++;
    };
    const options = { hostname: "127.0.0.1", port: 0, onListen, serve, reopenDelay: 1 };
    const listener = new Listener(() => new Response("here"), options);
    const url = `http://127.0.0.1:${port}/`;
    assert.equal(await (await fetch(url)).text(), "here");
    state.full = true;
    state.fail();
    await assert.rejects(async () => {
      for (;;) await (await fetch(url)).text();
    });
    state.full = false;
    for (let text = ""; text !== "here";) text = await fetch(url).then((response) => response.text(), () => "");
    assert.equal(state.opened, 2);
    assert.equal(told, 1, "the address is told once");
    await listener.shutdown();
  },
});

Deno.test({
  name: "B84: a listener that may move tells its port, and none while it is broken or shut down",
  permissions,
  async fn() {
    const { serve, state } = failingServe();
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, serve, reopenDelay: 1, mayMove: true };
    const listener = new Listener(() => new Response("here"), options);
    const first = listener.port;
    state.full = true;
    state.fail();
    while (listener.port !== undefined) await setImmediate();
    const taken = Deno.listen({ hostname: "127.0.0.1", port: first ?? 0 });
    state.full = false;
    while (listener.port === undefined) await setImmediate();
    assert.notEqual(listener.port, first);
    assert.equal(await (await fetch(`http://127.0.0.1:${listener.port}/`)).text(), "here");
    taken.close();
    await listener.shutdown();
    assert.equal(listener.port, undefined);
  },
});

Deno.test({
  name: "a listener that is shut down while it is broken is not opened again",
  permissions,
  async fn() {
    const { serve, state } = failingServe();
    const options = { hostname: "127.0.0.1", port: 0, onListen: () => {}, serve, reopenDelay: 1 };
    const listener = new Listener(() => new Response("here"), options);
    state.fail();
    await listener.shutdown();
    assert.equal(state.opened, 1);
  },
});

Deno.test({
  name: "a port that is taken at first is an error of the constructor",
  permissions,
  fn() {
    const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const options = { hostname: "127.0.0.1", port: taken.addr.port, onListen: () => {} };
    assert.throws(() => new Listener(() => new Response(), options), Deno.errors.AddrInUse);
    taken.close();
  },
});
