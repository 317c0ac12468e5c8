import assert from "node:assert/strict";
import fc from "fast-check";
import { randomSeed } from "../../tests/harness/random_seed.ts";
import { isRevokedBy, MAX_REVOCATIONS, type Revocation, REVOCATION_SECONDS, Revocations } from "./revocations.ts";

const test = (name: string, fn: () => void) => Deno.test({ name, permissions: "none", fn });
const NOW = 1_800_000_000;
const ada = (issuedAt?: number) => ({ identity: "ada", ...(issuedAt !== undefined && { issuedAt }) });

test("P121: tokens of an identity are revoked for a room or for all, those that were made until then or do not say when", () => {
  const revocations = new Revocations();
  assert(revocations.add({ identity: "ada", roomId: "lobby", atSeconds: NOW }, NOW));
  const isRevoked = (roomId: string, issuedAt?: number) => revocations.includes(ada(issuedAt), roomId, NOW + 5);
  assert.deepEqual([undefined, NOW - 100, NOW, NOW + 1].map((at) => isRevoked("lobby", at)), [true, true, true, false]);
  assert.equal(isRevoked("office", NOW), false);
  assert.equal(revocations.includes({ identity: "ben" }, "lobby", NOW), false);
  assert.equal(revocations.includes({ identity: undefined }, "lobby", NOW), false, "nobody in particular");
  assert(revocations.add({ identity: "ada", atSeconds: NOW + 3 }, NOW + 3));
  assert.deepEqual([NOW + 3, NOW + 4].map((at) => isRevoked("office", at)), [true, false]);
  assert.equal(isRevoked("lobby", NOW + 2), true, "whichever of the two says so");
});

test("P121: the latest of two counts, whichever is heard first, and what says nothing new is none", () => {
  const revocations = new Revocations();
  const at = (atSeconds: number): Revocation => ({ identity: "ada", atSeconds });
  assert.deepEqual([10, 10, 5, 12].map((s) => revocations.add(at(NOW + s), NOW + 20)), [true, false, false, true]);
  assert.deepEqual(revocations.list(NOW + 20), [at(NOW + 12)]);
});

test("P121: a revocation is kept for a day; one that is older, or of a time to come, is not taken", () => {
  const revocations = new Revocations();
  const end = NOW + REVOCATION_SECONDS;
  assert(revocations.add({ identity: "ada", atSeconds: NOW }, NOW));
  assert.equal(revocations.includes(ada(NOW), "lobby", end - 1), true);
  assert.equal(revocations.includes(ada(NOW), "lobby", end), false);
  assert.deepEqual([revocations.list(end - 1).length, revocations.list(end).length], [1, 0]);
  assert.equal(revocations.digest(end), new Revocations().digest(end));
  assert.equal(revocations.add({ identity: "ada", atSeconds: NOW }, end), false);
  assert.equal(revocations.add({ identity: "ada", atSeconds: end + 61 }, end), false);
  assert.equal(revocations.add({ identity: "ada", atSeconds: end + 60 }, end), true, "clocks differ");
});

test("P121: of more than 10,000 revocations the oldest are forgotten", () => {
  const revocations = new Revocations();
  for (let i = 0; i <= MAX_REVOCATIONS; i++) revocations.add({ identity: `user-${i}`, atSeconds: NOW }, NOW);
  assert.equal(revocations.list(NOW).length, MAX_REVOCATIONS);
  assert.deepEqual(
    ["user-0", "user-1", `user-${MAX_REVOCATIONS}`].map((identity) => revocations.includes({ identity }, "lobby", NOW)),
    [false, true, true],
  );
});

test("B452: two that have heard the same have one digest, whatever the order, and others have others", () => {
  const seed = randomSeed();
  const revocation = fc.record({
    identity: fc.constantFrom("ada", "ben", "cleo"),
    roomId: fc.option(fc.constantFrom("lobby", "office"), { nil: undefined }),
    atSeconds: fc.integer({ min: NOW - 100, max: NOW }),
  });
  const filled = (list: readonly Revocation[]) => {
    const revocations = new Revocations();
    for (const each of list) revocations.add(each, NOW);
    return revocations;
  };
  const sorted = (revocations: Revocations) => revocations.list(NOW).map((each) => JSON.stringify(each)).sort();
  fc.assert(
    fc.property(fc.array(revocation), fc.array(revocation), (some, more) => {
      const [a, b] = [filled([...some, ...more]), filled([...more, ...some])];
      assert.deepEqual(sorted(a), sorted(b));
      assert.equal(a.digest(NOW), b.digest(NOW));
      const c = filled(some);
      const isSame = JSON.stringify(sorted(a)) === JSON.stringify(sorted(c));
      assert.equal(a.digest(NOW) === c.digest(NOW), isSame);
      for (const each of some) assert(a.includes({ identity: each.identity }, each.roomId ?? "lobby", NOW));
      assert.equal(isRevokedBy({ identity: "ada" }, "lobby", { identity: "ben", atSeconds: NOW }), false);
    }),
    { seed },
  );
});
