import assert from "node:assert/strict";
import { type JoinClient, JoinSpans } from "./join_spans.ts";
import type { AttributeValue, Span } from "./tracer.ts";

/** A span as it was told, with what it is below and its times in ms. */
interface ToldSpan {
  readonly name: string;
  readonly within: string | undefined;
  readonly beginMs: number;
  endMs: number | undefined;
  status: number;
  readonly attributes: Record<string, AttributeValue>;
}

/** A join whose clock goes on by 1 ms with each look at it. */
function traced(client: JoinClient) {
  const told: ToldSpan[] = [];
  const names = new Map<Span, string>();
  let nowMs = 0;
  const start = (name: string, beginMs: number, within?: Span): Span => {
    const entry: ToldSpan = {
      name,
      within: within && names.get(within),
      beginMs,
      endMs: undefined,
      status: 0,
      attributes: {},
    };
    told.push(entry);
    const span: Span = {
      setAttribute: (key, value) => entry.attributes[key] = value,
      setStatus: ({ code }) => entry.status = code,
      end(timeMs) {
        assert.equal(entry.endMs, undefined, `${name} ends once`);
        entry.endMs = timeMs;
      },
    };
    names.set(span, name);
    return span;
  };
  return { told, trace: new JoinSpans(start, client, () => nowMs++) };
}

const lines = (told: readonly ToldSpan[]) =>
  told.map(({ name, within, beginMs, endMs }) => `${within ?? "-"} > ${name} ${beginMs}-${endMs}`);

Deno.test({
  name: "B360: the steps of a join follow each other, and the join ends when media is connected",
  permissions: "none",
  fn() {
    const { told, trace } = traced("websocket");
    trace.opened();
    trace.admitted("ada");
    trace.answered();
    trace.answered();
    trace.addressSelected({ hostname: "2001:db8::1", port: 4000, transport: "tcp" });
    trace.addressSelected({ hostname: "192.0.2.1", port: 4000 });
    trace.connected();
    trace.mediaStarted();
    trace.ended("left", "leave");
    assert.deepEqual(lines(told), [
      "- > join 0-5",
      "join > join.open 0-1",
      "join > join.ask 1-2",
      "join > join.negotiate 2-3",
      "join > join.ice 3-4",
      "join > join.dtls 4-5",
      "join > join.media 5-6",
    ]);
    assert.deepEqual(told[0].attributes, {
      "switchboard.client": "websocket",
      "switchboard.peer": "ada",
      "network.transport": "tcp",
      "network.type": "ipv6",
      "switchboard.outcome": "connected",
    });
  },
});

Deno.test({
  name: "B360: a WHIP or WHEP client's join begins with its offer; without a packet of media there is no span of one",
  permissions: "none",
  fn() {
    for (const client of ["whip", "whep"] as const) {
      const { told, trace } = traced(client);
      trace.admitted("ada");
      trace.answered();
      trace.addressSelected({ hostname: "192.0.2.1", port: 4000 });
      trace.connected();
      trace.ended("left", "leave");
      const [join, ...steps] = told;
      assert.deepEqual(steps.map(({ name }) => name), ["join.negotiate", "join.ice", "join.dtls", "join.media"]);
      assert.deepEqual([join.attributes["switchboard.client"], join.attributes["network.type"]], [client, "ipv4"]);
      assert.deepEqual([join.endMs, steps[3].endMs], [3, undefined]);
    }
  },
});

Deno.test({
  name: "B360: a join that comes to nothing ends once, with the reason; who leaves is no error",
  permissions: "none",
  fn() {
    for (
      const [outcome, code, status] of [["left", "leave", 0], ["failed", "transport-failed", 2], [
        "refused",
        "room-full",
        2,
      ]] as const
    ) {
      const { told, trace } = traced("websocket");
      trace.opened();
      trace.ended(outcome, code);
      trace.ended("failed", "another");
      trace.admitted("ada");
      trace.connected();
      trace.mediaStarted();
      assert.deepEqual(lines(told), ["- > join 0-2", "join > join.open 0-1", "join > join.ask 1-2"]);
      const { attributes } = told[0];
      assert.deepEqual([attributes["switchboard.outcome"], attributes["error.type"]], [outcome, code]);
      assert.deepEqual([told[0].status, told[1].status, told[2].status], [status, 0, status]);
    }
  },
});

Deno.test({
  name: "B360: a client that resumes has joined with that",
  permissions: "none",
  fn() {
    const { told, trace } = traced("websocket");
    trace.opened();
    trace.resumed("ada");
    trace.ended("left", "leave");
    assert.deepEqual(lines(told), ["- > join 0-2", "join > join.open 0-1", "join > join.ask 1-2"]);
    assert.deepEqual(told[0].attributes, {
      "switchboard.client": "websocket",
      "switchboard.peer": "ada",
      "switchboard.resumed": true,
      "switchboard.outcome": "connected",
    });
  },
});
