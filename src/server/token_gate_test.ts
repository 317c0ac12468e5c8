import assert from "node:assert/strict";
import type { Grants } from "../signaling/grants.ts";
import { behindToken } from "./token_gate.ts";
import type { TokenResult } from "./token_verifier.ts";

const test = (name: string, fn: () => Promise<void>) => Deno.test({ name, permissions: "none", fn });

const GRANTS: Grants = {
  room: "*",
  identity: undefined,
  name: undefined,
  publish: [],
  subscribe: false,
  admin: false,
  maxBitrate: undefined,
};

/** A WebSocket whose token is verified when the test says so; `told` is what both sides hear, in order. */
function open(handleMessage: (data: string | undefined) => void = () => {}) {
  const told: unknown[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<TokenResult>();
  const connect = behindToken({
    address: "192.0.2.1",
    verify: (token) => (told.push(`verify ${token}`), promise),
    token: "a.b.c",
    connect(_, grants) {
      told.push(grants === GRANTS ? "connected" : "?");
      return {
        handleMessage: (data) => {
          told.push(data);
          handleMessage(data);
        },
        handleClose: (code) => told.push(`closed ${code}`),
      };
    },
    refused: (code) => told.push(`${code} refused`),
  });
  const gate = connect({
    send: (text) => told.push(`${JSON.parse(text).code} sent`),
    close: (code) => told.push(`close ${code}`),
  });
  const settle = async (result: () => void) => {
    result();
    for (let i = 0; i < 5; i++) await Promise.resolve();
    return told.splice(0);
  };
  return { gate, told, allow: () => settle(() => resolve({ ok: true, grants: GRANTS })), resolve, reject, settle };
}

test("P72: what a client sends while its token is verified is kept, in its order, and goes on behind it", async () => {
  const { gate, told, allow } = open();
  for (const data of ["one", undefined, "two"]) gate.handleMessage(data);
  assert.deepEqual(told.splice(0), ["verify a.b.c"]);
  assert.deepEqual(await allow(), ["connected", "one", undefined, "two"]);
  gate.handleMessage("three");
  gate.handleClose(1000, true);
  assert.deepEqual(told, ["three", "closed 1000"]);
});

test("P72: where the token is refused nobody hears of the client, or of what it has sent", async () => {
  for (const [code, closed] of [["unauthorized", 4401], ["auth-unavailable", 4503]] as const) {
    const { gate, told, resolve, settle } = open();
    gate.handleMessage("one");
    const heard = await settle(() => resolve({ ok: false, code, message: "no" }));
    assert.deepEqual(heard, ["verify a.b.c", `${code} refused`, `${code} sent`, `close ${closed}`]);
    gate.handleMessage("two");
    gate.handleClose(closed, true);
    assert.deepEqual(told, []);
  }
});

test("P72: who sends more than 1 MiB, or a thousand messages, before its token is verified is closed with 1008", async () => {
  for (const message of ["x".repeat(500_000), ""]) {
    const { gate, told, allow } = open();
    for (let i = 0; i < 1100; i++) gate.handleMessage(message);
    assert.deepEqual(told.splice(0), ["verify a.b.c", "too-many refused", "too-many sent", "close 1008"]);
    assert.deepEqual(await allow(), []);
  }
});

test("P72: a client that is gone before its token was verified is nobody", async () => {
  const { gate, told, allow } = open();
  gate.handleMessage("one");
  gate.handleClose(1006, false);
  assert.deepEqual([told.splice(0), await allow()], [["verify a.b.c"], []]);
});

test("P72: where a message that has waited closes the connection, none comes behind it", async () => {
  const opened = open(() => opened.gate.handleClose(1008, true));
  for (const data of ["one", "two"]) opened.gate.handleMessage(data);
  assert.deepEqual(await opened.allow(), ["verify a.b.c", "connected", "one", "closed 1008"]);
});

test("B76: a fault in what is behind the gate costs this connection", async () => {
  const { gate, allow } = open(() => {
    throw new Error("a fault");
  });
  gate.handleMessage("one");
  assert.deepEqual(await allow(), [
    "verify a.b.c",
    "connected",
    "one",
    "internal refused",
    "internal sent",
    "close 1011",
  ]);
  const other = open();
  assert.deepEqual(await other.settle(() => other.reject(new Error("a fault"))), [
    "verify a.b.c",
    "internal refused",
    "internal sent",
    "close 1011",
  ]);
});
