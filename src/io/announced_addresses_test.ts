import { resetSync } from "@logtape/logtape";
import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/harness/virtual_clock.ts";
import { configureLogs } from "../server/log.ts";
import { AnnouncedAddresses, AnnounceError } from "./announced_addresses.ts";

const REFRESH_MS = 30_000;
const NAME = "media.example.org";

/** A resolver whose answers the test sets. An Error is what a lookup fails by. */
function setUp(answers: Record<string, readonly string[] | Error>) {
  const clock = new VirtualClock();
  const asked: string[] = [];
  const resolve = (name: string) => {
    asked.push(name);
    const answer = answers[name];
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const open = (entries: readonly string[], hostname: string | readonly string[] = "::") =>
    AnnouncedAddresses.open(entries, { hostname, resolve, clock });
  /** Until the next lookup is over, and the timer of the one after it is set. */
  const refresh = async () => {
    clock.advance(REFRESH_MS);
    for (let turn = 0; clock.pendingCount === 0; turn++) {
      assert.ok(turn < 100, "no further lookup is planned");
      await Promise.resolve();
    }
  };
  return { clock, asked, answers, open, refresh };
}

Deno.test({
  name: "B209: addresses and those of names are in the order of the list, each once",
  permissions: "none",
  async fn() {
    const { open, clock } = setUp({ [NAME]: ["203.0.113.7", "2001:db8::7"], other: ["203.0.113.7", "203.0.113.8"] });
    const announced = await open(["192.0.2.1", NAME, "other", "2001:db8::1"]);
    const all = ["192.0.2.1", "203.0.113.7", "2001:db8::7", "203.0.113.8", "2001:db8::1"];
    assert.deepEqual(announced.addresses, all);
    announced.close();
    assert.equal(clock.pendingCount, 0);
  },
});

Deno.test({
  name: "B209: of a name's addresses those are left out that are none, or that mean nothing beyond a link",
  permissions: "none",
  async fn() {
    const { open } = setUp({ [NAME]: ["fe80::1", "0.0.0.0", "203.0.113.7", "::"] });
    const announced = await open([NAME]);
    assert.deepEqual(announced.addresses, ["203.0.113.7"]);
    announced.close();
  },
});

Deno.test({
  name: "B209: without a name nothing is looked up, then or later",
  permissions: "none",
  async fn() {
    const { open, clock, asked } = setUp({});
    const announced = await open(["192.0.2.1", "2001:db8::1"]);
    assert.deepEqual(announced.addresses, ["192.0.2.1", "2001:db8::1"]);
    assert.deepEqual([clock.pendingCount, asked], [0, []]);
  },
});

Deno.test({
  name: "B209: a name is looked up again every 30 s, and a new address takes the place of the old one",
  permissions: "none",
  async fn() {
    const { open, clock, asked, answers, refresh } = setUp({ [NAME]: ["203.0.113.7"] });
    const announced = await open([NAME]);
    answers[NAME] = ["203.0.113.99"];
    clock.advance(REFRESH_MS - 1);
    assert.deepEqual([announced.addresses, asked.length], [["203.0.113.7"], 1]);
    await refresh();
    assert.deepEqual([announced.addresses, asked.length], [["203.0.113.99"], 2]);
    await refresh();
    assert.equal(asked.length, 3);
    announced.close();
    clock.advance(10 * REFRESH_MS);
    assert.equal(asked.length, 3);
  },
});

Deno.test({
  name: "B209: while a name cannot be looked up its last addresses stay, which is told once each time it begins",
  permissions: "none",
  async fn() {
    const warnings: string[] = [];
    configureLogs([{ area: ["switchboard"], level: "warning" }], {
      write: (line) => warnings.push(line),
      colors: false,
    });
    try {
      const { open, answers, refresh } = setUp({ [NAME]: ["203.0.113.7"] });
      const announced = await open([NAME], "0.0.0.0");
      const empty: readonly string[] = [];
      for (const failure of [new Error("no answer"), empty, ["2001:db8::7"]]) {
        answers[NAME] = failure;
        await refresh();
        assert.deepEqual(announced.addresses, ["203.0.113.7"]);
      }
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /media\.example\.org cannot be looked up: no answer.*; its addresses of before stay/);
      answers[NAME] = ["203.0.113.8"];
      await refresh();
      assert.deepEqual(announced.addresses, ["203.0.113.8"]);
      answers[NAME] = new Error("gone again");
      await refresh();
      assert.equal(warnings.length, 2);
      announced.close();
    } finally {
      resetSync();
    }
  },
});

Deno.test({
  name: "B209: of a name's addresses those count that media can be reached at",
  permissions: "none",
  async fn() {
    const { open } = setUp({ [NAME]: ["203.0.113.7", "2001:db8::7"] });
    for (
      const [hostname, addresses] of [
        ["0.0.0.0", ["203.0.113.7"]],
        ["2001:db8::2", ["2001:db8::7"]],
        [["192.0.2.2", "2001:db8::2"], ["203.0.113.7", "2001:db8::7"]],
      ] as const
    ) {
      const announced = await open([NAME], hostname);
      assert.deepEqual(announced.addresses, addresses);
      announced.close();
    }
  },
});

for (
  const [what, entries, reason] of [
    ["a name that cannot be looked up", ["fails"], /^fails cannot be looked up: no such host$/],
    ["a name without an address", ["empty"], /^empty has no address that media can be reached at: none at all$/],
    [
      "a name that a resolver blocks",
      ["blocked"],
      /^blocked has no address that media can be reached at: 0.0.0.0, ::$/,
    ],
    ["a name of another family alone", [NAME, "six"], /^six has no address that media can be reached at: 2001:db8::7$/],
    ["an address of another family", ["2001:db8::1"], /^2001:db8::1: media has no address of that family$/],
  ] as const
) {
  Deno.test({
    name: `B208, B209: at the start ${what} is refused, and nothing is looked up later`,
    permissions: "none",
    async fn() {
      const { open, clock } = setUp({
        fails: new Error("no such host"),
        empty: [],
        blocked: ["0.0.0.0", "::"],
        six: ["2001:db8::7"],
        [NAME]: ["203.0.113.7"],
      });
      await assert.rejects(open(entries, "0.0.0.0"), (error: unknown) => {
        assert.ok(error instanceof AnnounceError);
        assert.match(error.message, reason);
        return true;
      });
      assert.equal(clock.pendingCount, 0);
    },
  });
}
